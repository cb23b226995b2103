package io.sluice.groups.queue;

import io.sluice.core.record.Headers;
import io.sluice.groups.queue.JobSpec.Kind;
import io.sluice.groups.queue.Queue.Standing;
import io.sluice.groups.queue.StoredMessage.Header;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Which messages a job is about, and what it makes of them. */
final class JobCopies {
    /** What holds for the message that was sent first, and not for its copy. */
    private static final Set<String> OF_THE_FIRST = Set.of(
            MessageHeaders.ID,
            MessageHeaders.DELIVER_AT,
            MessageHeaders.EXPIRES_AT,
            MessageHeaders.EARLIER_DEATHS,
            MessageHeaders.REDRIVES);

    private static final Set<String> OF_THE_REPLAYED = Set.of(
            MessageHeaders.DEDUP_ID, MessageHeaders.REDRIVE_OF, MessageHeaders.REPLAY_OF, MessageHeaders.REPLAYED_AT);

    private JobCopies() {}

    /**
     * What was found in a part of a log.
     *
     * @param chosen messages that are to be copied
     * @param progress how far the job is when they are
     */
    record Look(List<StoredMessage> chosen, Progress progress) {}

    /**
     * How much a job wants of a look.
     *
     * @param target the id of the topic that the copies go to
     * @param messages how many
     * @param bytes how large they are together
     * @param recordBytes how large one may be
     */
    record Limits(UUID target, long messages, long bytes, long recordBytes) {}

    /**
     * Looks at messages, in a turn of the queue.
     *
     * @param at how far the job is
     * @param chunk what was read from there on
     * @param end where its part of the partition ends
     * @param limits how much is wanted at most
     */
    static Look look(
            Queue queue, JobSpec spec, Progress at, MessageReader.Chunk<StoredMessage> chunk, long end, Limits limits) {
        List<StoredMessage> chosen = new ArrayList<>();
        long lookedAt = at.lookedAt();
        long matching = at.matching();
        long leased = at.leased();
        long refused = at.refused();
        long next = Math.min(end, chunk.next());
        long bytes = 0;
        for (StoredMessage message : chunk.found()) {
            if (message.id().offset() >= end) {
                break;
            }
            if (chosen.size() >= limits.messages()) {
                next = message.id().offset();
                break;
            }
            Standing standing = queue.standing(message.id());
            if (!isMeant(queue, spec, message, standing)) {
                continue;
            }
            if (!spec.filter().matches(message, timeOf(spec.kind(), message))) {
                lookedAt++;
                continue;
            }
            long size = Conveyor.size(message, headers(spec, message, limits.target(), 0, limits.recordBytes()));
            boolean isTooOften = spec.kind() == Kind.REDRIVE && redrives(message) >= spec.maxRedrives();
            if (standing == Standing.TAKEN) {
                leased++;
            } else if (isTooOften || size > limits.recordBytes()) {
                refused++;
            } else if (bytes + size > limits.bytes()) {
                next = message.id().offset();
                break;
            } else {
                chosen.add(message);
                bytes += size;
            }
            lookedAt++;
            matching++;
        }
        return new Look(chosen, new Progress(at.partition(), next, lookedAt, matching, leased, refused));
    }

    /** Whether a message is one of those that such a job chooses from. */
    private static boolean isMeant(Queue queue, JobSpec spec, StoredMessage message, Standing standing) {
        if (spec.kind() == Kind.REDRIVE) {
            return standing != Standing.FINISHED && CaseFile.isFrom(message, spec.origin(), queue.name());
        }
        Window window = queue.window(message.id().partition());
        long offset = message.id().offset();
        // One that died and was sent again lives where it is now.
        return standing == Standing.FINISHED
                && offset >= window.begin
                && !window.redriven.contains(offset)
                && spec.filter().outcomes().contains(window.outcome(offset));
    }

    private static long timeOf(Kind kind, StoredMessage message) {
        return kind == Kind.REDRIVE
                ? message.number(MessageHeaders.DIED_AT).orElse(message.timestampMs())
                : message.timestampMs();
    }

    private static long redrives(StoredMessage message) {
        return message.number(MessageHeaders.REDRIVES).orElse(0);
    }

    /** A dead letter as a receiver would find it. */
    static Arrival arrival(StoredMessage message) {
        long key = message.key()
                .map(bytes -> Arrivals.keyOf(ByteBuffer.wrap(bytes)))
                .orElse(Arrival.NO_KEY);
        return new Arrival(message.id().offset(), key, message.timestampMs(), 0, Long.MAX_VALUE);
    }

    /**
     * The headers of a copy. A dead letter keeps its id only where it died: in another queue, or a later one of that name, there may be a message
     * of that id.
     *
     * @param target the id of the topic that it goes to
     * @param maxBytes how large it may be: it tells of its deaths as far as there is room
     */
    static Headers headers(JobSpec spec, StoredMessage message, UUID target, long nowMs, long maxBytes) {
        return CaseFile.fitting(message, maxBytes, telling -> headers(spec, message, target, nowMs, telling));
    }

    private static Headers headers(
            JobSpec spec, StoredMessage message, UUID target, long nowMs, CaseFile.Telling telling) {
        boolean isRedrive = spec.kind() == Kind.REDRIVE;
        boolean isReturn = isRedrive && CaseFile.isOf(message, target);
        Headers headers = new Headers();
        for (Header header : message.headers()) {
            String name = new String(header.name(), StandardCharsets.UTF_8);
            boolean isDropped = OF_THE_FIRST.contains(name)
                    || (isRedrive ? CaseFile.isOne(header) : OF_THE_REPLAYED.contains(name))
                    || (isRedrive && !isReturn && name.equals(MessageHeaders.REDRIVE_OF));
            if (!isDropped) {
                CaseFile.add(headers, header);
            }
        }
        if (isRedrive) {
            CaseFile.addDeaths(headers, message, telling);
            if (isReturn) {
                CaseFile.add(headers, MessageHeaders.ID, message.name());
            } else {
                String queue = message.text(MessageHeaders.QUEUE).orElse(spec.origin());
                CaseFile.add(headers, MessageHeaders.REDRIVE_OF, queue + "/" + message.name());
            }
            CaseFile.add(headers, MessageHeaders.REDRIVES, Long.toString(redrives(message) + 1));
        } else {
            CaseFile.add(headers, MessageHeaders.REPLAY_OF, message.name());
            CaseFile.add(headers, MessageHeaders.REPLAYED_AT, Long.toString(nowMs));
        }
        return headers;
    }
}
