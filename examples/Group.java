import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes three records, reads them as a member of a consumer group, and after a seek reads them again.
 * {@code java Group.java [URL of the broker]}, with nothing but a JDK of version 17 or newer.
 */
public final class Group {
    private static final String TOPIC = "example-java";
    private static final String GROUP = "/v1/groups/example-java";
    /** The JDK has no reader for JSON. With values in base64 a pattern will do; with a library leave {@code values} out. */
    private static final Pattern RECORD = Pattern.compile("\"offset\":(\\d+),[^}]*\"value_base64\":\"([^\"]*)\"");

    private static final Pattern CURSOR = Pattern.compile("\"cursor\":\"([^\"]*)\"");

    private final HttpClient client = HttpClient.newHttpClient();
    private final String server;

    private Group(String server) {
        this.server = server;
    }

    private String post(String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server + path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IOException(path + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    /** Each poll commits the records of the one before: they have been worked on. */
    private void readToTheEnd() throws IOException, InterruptedException {
        String commit = "";
        while (true) {
            String polled = post(
                    GROUP + "/poll",
                    "{\"member\":\"worker-1\",\"topics\":[\"" + TOPIC + "\"],\"wait_ms\":500,\"values\":\"base64\"" + commit
                            + "}");
            boolean any = false;
            for (Matcher record = RECORD.matcher(polled); record.find(); any = true) {
                String value = new String(Base64.getDecoder().decode(record.group(2)), StandardCharsets.UTF_8);
                System.out.println("offset " + record.group(1) + ": " + value);
            }
            if (!any) {
                return;
            }
            Matcher cursor = CURSOR.matcher(polled);
            cursor.find();
            commit = ",\"commit\":\"" + cursor.group(1) + "\"";
        }
    }

    public static void main(String[] args) throws Exception {
        Group group = new Group(args.length > 0 ? args[0] : "http://127.0.0.1:8080");
        group.post(
                "/v1/topics/" + TOPIC + "/records",
                "{\"records\":[{\"value\":\"one\"},{\"value\":\"two\"},{\"value\":\"three\"}]}");

        System.out.println("reading");
        group.readToTheEnd();

        group.post(GROUP + "/seek", "{\"to\":\"earliest\",\"topics\":[\"" + TOPIC + "\"]}");
        System.out.println("reading again");
        group.readToTheEnd();

        group.post(GROUP + "/leave", "{\"member\":\"worker-1\"}");
        System.out.println("done");
    }
}
