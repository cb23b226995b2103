package io.sluice.server.cli.consume;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.TopicPartition;
import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Polls as a member of a group, prints, and lets the next poll commit what has been written to the output. */
final class GroupLoop {
    private static final long FOLLOW_WAIT_MS = 20_000;
    /** Without {@code --follow} only partitions are waited for that others are about to give away. */
    private static final long PARTITIONS_WAIT_MS = 1_000;

    private final Membership membership;
    /** Where each partition ended at the beginning. */
    private final Map<TopicPartition, Long> ends;

    private final RecordPrinter printer;
    private final boolean follow;
    private final Limits limits;
    private long printed;

    GroupLoop(
            Membership membership,
            Map<TopicPartition, Long> ends,
            RecordPrinter printer,
            boolean follow,
            Limits limits) {
        this.membership = membership;
        this.ends = ends;
        this.printer = printer;
        this.follow = follow;
        this.limits = limits;
    }

    /**
     * Where topics end now.
     *
     * @throws CliException REFUSED if there is no such topic
     */
    static Map<TopicPartition, Long> endsOf(BrokerConnection broker, List<String> topics) {
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (String topic : topics) {
            broker.get(BrokerConnection.topicPath(topic))
                    .path("partitions")
                    .forEach(one -> ends.put(
                            new TopicPartition(topic, one.path("partition").asInt()),
                            one.path("high_watermark").asLong()));
        }
        return ends;
    }

    /**
     * Reads until the end is reached, or the limit.
     *
     * @throws CliException if the broker refuses, or cannot be reached for too long
     * @throws BrokenPipeException if nobody reads the output; what was not written is not committed
     * @throws InterruptedException if it should end; what was written is committed
     */
    void run() throws InterruptedException {
        if (limits.maxRecords() == 0) {
            return;
        }
        try {
            loop();
        } catch (InterruptedException interrupted) {
            goodbye();
            throw interrupted;
        } catch (BrokenPipeException nobodyReads) {
            goodbye();
            throw nobodyReads;
        } catch (CliException failure) {
            // Somebody else has the name now: this member's leaving would be the other's.
            if (!failure.problem()
                    .filter(problem -> problem.code().equals("superseded"))
                    .isPresent()) {
                goodbye();
            }
            throw failure;
        }
        membership.commit(limits.retryNs());
        goodbye();
    }

    /** Whoever cannot say goodbye has gone all the same. */
    private void goodbye() throws InterruptedException {
        try {
            membership.commit(0);
            membership.leave();
        } catch (CliException unheard) {
            return;
        }
    }

    private void loop() throws InterruptedException {
        boolean atEnd = false;
        long waitMs = follow ? FOLLOW_WAIT_MS : 0;
        while (!atEnd) {
            Polled polled = membership.poll(limits.maxRecords() - printed, waitMs);
            print(polled);
            membership.printed(polled);
            atEnd = printed >= limits.maxRecords() || !follow && isAtEnd(polled);
            if (!follow) {
                waitMs = polled.records().isEmpty() ? PARTITIONS_WAIT_MS : 0;
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private void print(Polled polled) {
        try {
            for (Polled.Record record : polled.records()) {
                printer.print(record.topic(), record.partition(), record.cursor());
                printed++;
            }
            printer.flush();
        } catch (IOException | UncheckedIOException e) {
            throw BrokenPipeException.whenWriting(e);
        }
    }

    /** Whether all that was there at the beginning has been read, as far as this member has to. */
    private boolean isAtEnd(Polled polled) {
        if (polled.waitingFor() > 0) {
            return false;
        }
        if (polled.records().isEmpty()) {
            return true;
        }
        Map<TopicPartition, Long> positions = new HashMap<>();
        for (JsonNode one : polled.rest().path("assignment")) {
            positions.put(
                    new TopicPartition(
                            one.path("topic").asText(), one.path("partition").asInt()),
                    one.path("position").asLong(0));
        }
        polled.records()
                .forEach(record -> positions.merge(
                        new TopicPartition(record.topic(), record.partition()), record.offset() + 1, Math::max));
        return positions.entrySet().stream().allMatch(one -> one.getValue() >= ends.getOrDefault(one.getKey(), 0L));
    }
}
