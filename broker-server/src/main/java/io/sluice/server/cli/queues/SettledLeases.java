package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.produce.LineReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Leases that are settled by hand: those of the command line, or a line each on standard input. */
final class SettledLeases {
    private static final int MAX_LEASES = 1_000;
    /** How many are read before any is settled. */
    private static final int MAX_READ = 100_000;
    /** No lease is as long; the value that stands behind it may be. */
    private static final int MAX_LEASE_CHARS = 64;

    private static final int MAX_LINE_BYTES = 64 * 1024 * 1024;

    private SettledLeases() {}

    /**
     * Settles them.
     *
     * @param what ack or nack
     * @param how the members of the request besides the leases
     * @return what the process should end with
     * @throws CliException REFUSED, NOT_CONNECTED, or USAGE if there are no leases, or too many
     */
    static int settle(
            Streams streams, ServerOptions server, String queue, String what, List<String> given, ObjectNode how)
            throws IOException, InterruptedException {
        List<String> leases = given.isEmpty() ? read(streams, what) : given;
        if (leases.isEmpty()) {
            throw CliException.usage("queues " + what + ": no lease is given");
        }
        BrokerConnection broker = server.connect();
        QueueApi api = new QueueApi(broker, queue);
        boolean all = true;
        ObjectNode document = Json.object();
        for (int from = 0; from < leases.size(); from += MAX_LEASES) {
            ObjectNode request = QueueApi.leases(leases.subList(from, Math.min(leases.size(), from + MAX_LEASES)));
            request.setAll(how);
            JsonNode results;
            try {
                results = api.settle(what, request);
            } catch (IOException e) {
                throw broker.notConnected(e);
            }
            document.withArray("results").addAll((ArrayNode) results);
            all &= told(results, streams);
        }
        if (server.json()) {
            streams.print(document);
        }
        return all ? CliException.OK : CliException.REFUSED;
    }

    /** What {@code receive} printed can come as it is: the lease ends at a tab. */
    private static List<String> read(Streams streams, String what) throws IOException {
        List<String> leases = new ArrayList<>();
        LineReader lines = new LineReader(streams.in(), MAX_LINE_BYTES, () -> {});
        while (lines.next()) {
            String lease = lease(lines);
            if (lease.length() > MAX_LEASE_CHARS) {
                throw CliException.usage("queues " + what + ": input line " + lines.number() + " is not a lease");
            }
            if (!lease.isEmpty()) {
                leases.add(lease);
            }
            if (leases.size() > MAX_READ) {
                throw CliException.usage("queues " + what + ": the input has more than " + MAX_READ + " leases");
            }
        }
        return leases;
    }

    private static String lease(LineReader line) {
        int to = line.from();
        while (to < line.from() + line.length() && line.array()[to] != '\t') {
            to++;
        }
        return new String(line.array(), line.from(), to - line.from(), StandardCharsets.UTF_8).strip();
    }

    /** Says which could not be settled, and answers whether all could. */
    static boolean told(JsonNode results, Streams streams) {
        boolean all = true;
        for (JsonNode result : results) {
            if (!result.path("ok").asBoolean()) {
                all = false;
                streams.say("sluice: " + result.path("lease").asText() + ": "
                        + result.path("error").path("detail").asText("not settled") + " ("
                        + result.path("error").path("code").asText("?") + ")");
            }
        }
        return all;
    }
}
