package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.Table;

/** Dead letters and the jobs that send messages again, as text for a person. */
final class JobText {
    private JobText() {}

    static String dryRun(JsonNode count) {
        return "would send " + QueueText.counted(count.path("sent").asLong(), "message") + left(count)
                + (count.path("complete").asBoolean(true) ? "" : "; there is more than was looked at");
    }

    static String of(JsonNode job) {
        String why = job.path("why").asText("");
        return job.path("id").asText("?") + " " + job.path("state").asText("?") + ": sent "
                + QueueText.counted(job.path("sent").asLong(), "message") + " to "
                + job.path("target").asText("?") + left(job) + (why.isEmpty() ? "" : ": " + why);
    }

    private static String left(JsonNode counts) {
        StringBuilder left = new StringBuilder();
        for (String what : new String[] {"leased", "refused"}) {
            if (counts.path(what).asLong(0) > 0) {
                left.append(", left ")
                        .append(counts.path(what).asLong())
                        .append(" that are ")
                        .append(what);
            }
        }
        return left.toString();
    }

    /** Whether it came to its end by itself. */
    static boolean isDone(JsonNode job) {
        return job.path("state").asText().equals("done");
    }

    static String jobs(JsonNode jobs) {
        Table table = new Table("JOB", "STATE", "BEGAN", "ENDED", "LOOKED AT", "MATCHING", "SENT", "TARGET", "BY");
        for (JsonNode job : jobs) {
            table.row(
                    job.path("id").asText("?"),
                    job.path("state").asText("-"),
                    QueueText.time(job.path("began_at")),
                    QueueText.time(job.path("ended_at")),
                    job.path("looked_at").asText("-"),
                    job.path("matching").asText("-"),
                    job.path("sent").asText("-"),
                    job.path("target").asText("-"),
                    job.path("by").asText("-"));
        }
        return table.toString();
    }

    static String deadLetters(Iterable<JsonNode> messages) {
        Table table = new Table("ID", "DIED", "DELIVERIES", "REDRIVES", "LAST CONSUMER", "REASON");
        for (JsonNode message : messages) {
            JsonNode attempts = message.path("attempts");
            table.row(
                    message.path("id").asText("?"),
                    QueueText.time(message.path("died_at")),
                    message.path("deliveries").asText("-"),
                    message.path("redrives").asText("-"),
                    attempts.path(attempts.size() - 1).path("consumer").asText("-"),
                    message.path("reason").asText("-"));
        }
        return table.toString();
    }
}
