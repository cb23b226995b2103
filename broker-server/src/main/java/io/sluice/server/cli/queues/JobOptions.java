package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What the jobs of a queue have in common, and how one is followed to its end. */
final class JobOptions {
    private static final long LOOK_MS = 250;

    @Option(names = "--rate", paramLabel = "N", description = "How many messages a second.")
    private Integer rate;

    @Option(names = "--max", paramLabel = "N", description = "How many messages at most.")
    private Long max;

    @Option(names = "--target", paramLabel = "QUEUE", description = "Send them to another queue.")
    private Optional<String> target = Optional.empty();

    @Option(names = "--dry-run", description = "Only count them.")
    private boolean dryRun;

    @Option(names = "--detach", description = "Do not wait for the end: queues jobs tells how far it is.")
    private boolean detach;

    /**
     * Starts a job and waits for its end.
     *
     * @param kind redrive or replay
     * @param request what the job is to take
     * @return what the process should end with
     */
    int run(ServerOptions server, Streams streams, String queue, String kind, ObjectNode request)
            throws InterruptedException {
        if (rate != null) {
            request.put("rate", rate);
        }
        if (max != null) {
            request.put("max", max);
        }
        target.ifPresent(name -> request.put("target", name));
        if (dryRun) {
            request.put("dry_run", true);
        }
        BrokerConnection broker = server.connect();
        JsonNode answer = broker.json(broker.send("POST", QueueApi.path(queue) + "/" + kind, request));
        String path = QueueApi.path(queue) + "/jobs/"
                + BrokerConnection.encode(answer.path("id").asText());
        // It goes on in the broker whatever becomes of us.
        while (!dryRun && !detach && isRunning(answer)) {
            Thread.sleep(LOOK_MS);
            answer = broker.get(path);
        }
        if (server.json()) {
            streams.print(answer);
        } else {
            streams.print(dryRun ? JobText.dryRun(answer) : JobText.of(answer));
        }
        boolean failed = !dryRun && !isRunning(answer) && !JobText.isDone(answer);
        return failed ? CliException.REFUSED : CliException.OK;
    }

    private static boolean isRunning(JsonNode job) {
        return job.path("state").asText().equals("running");
    }
}
