package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which messages a job is about: those of which all of this is true.
 *
 * @param ids what they are called; empty for any
 * @param reason what the reason of the death contains; empty for any
 * @param consumer who had one of the deliveries; empty for anybody
 * @param key the key, as text; empty for any
 * @param fromMs when they died, or were sent for a replay, at the earliest, in ms since the epoch
 * @param toMs the same at the latest, exclusive
 * @param fromId the first one, by partition and offset; empty for the first there is
 * @param toId the last one; empty for the last there is
 * @param headers headers that they have, and what these say
 * @param outcomes what became of them, for a replay
 */
public record JobFilter(
        Set<String> ids,
        String reason,
        String consumer,
        Optional<String> key,
        long fromMs,
        long toMs,
        Optional<MessageId> fromId,
        Optional<MessageId> toId,
        Map<String, String> headers,
        Set<Outcome> outcomes) {
    private static final Comparator<MessageId> IN_ORDER =
            Comparator.comparingInt(MessageId::partition).thenComparingLong(MessageId::offset);

    public JobFilter {
        ids = Set.copyOf(ids);
        headers = Map.copyOf(headers);
        outcomes = Set.copyOf(outcomes);
    }

    /** What it asks for, for a person. */
    @Override
    public String toString() {
        List<String> asked = new ArrayList<>();
        add(asked, "ids", ids.isEmpty() ? "" : new TreeSet<>(ids));
        add(asked, "reason", reason);
        add(asked, "consumer", consumer);
        key.ifPresent(text -> asked.add("key=" + text));
        add(asked, "from", fromMs == 0 ? "" : Instant.ofEpochMilli(fromMs));
        add(asked, "to", toMs == Long.MAX_VALUE ? "" : Instant.ofEpochMilli(toMs));
        add(asked, "fromId", fromId.map(MessageId::toString).orElse(""));
        add(asked, "toId", toId.map(MessageId::toString).orElse(""));
        add(asked, "headers", headers.isEmpty() ? "" : new TreeMap<>(headers));
        add(asked, "outcomes", outcomes.isEmpty() ? "" : new TreeSet<>(outcomes));
        return asked.isEmpty() ? "all" : String.join(", ", asked);
    }

    private static void add(List<String> asked, String name, Object what) {
        if (!what.equals("")) {
            asked.add(name + "=" + what);
        }
    }

    /** Whether a message is meant, as far as it says so itself. */
    boolean matches(StoredMessage message, long atMs) {
        return (ids.isEmpty() || ids.contains(message.name()))
                && atMs >= fromMs
                && atMs < toMs
                && fromId.filter(first -> IN_ORDER.compare(message.id(), first) < 0)
                        .isEmpty()
                && toId.filter(last -> IN_ORDER.compare(message.id(), last) > 0).isEmpty()
                && (key.isEmpty() || isText(message.key(), key.get()))
                && (reason.isEmpty()
                        || message.text(MessageHeaders.REASON).orElse("").contains(reason))
                && (consumer.isEmpty()
                        || message.text(MessageHeaders.ATTEMPTS).orElse("").contains(CaseFile.ofConsumer(consumer)))
                && headers.entrySet().stream().allMatch(wanted -> has(message, wanted.getKey(), wanted.getValue()));
    }

    private static boolean has(StoredMessage message, String name, String value) {
        return message.headers().stream().anyMatch(header -> header.isNamed(name) && isText(header.value(), value));
    }

    private static boolean isText(Optional<byte[]> bytes, String text) {
        return bytes.isPresent() && Arrays.equals(bytes.get(), text.getBytes(StandardCharsets.UTF_8));
    }
}
