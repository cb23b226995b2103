package io.sluice.groups.queue;

import io.sluice.core.record.Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** What a dead letter says of its life, in the headers behind its own. */
final class CaseFile {
    /** What is said of a death. A message that has died in its dead letter queue has each twice, and the last one counts. */
    private static final Set<String> NAMES = Set.of(
            MessageHeaders.QUEUE,
            MessageHeaders.QUEUE_ID,
            MessageHeaders.PARTITION,
            MessageHeaders.OFFSET,
            MessageHeaders.ENQUEUED_AT,
            MessageHeaders.DIED_AT,
            MessageHeaders.REASON,
            MessageHeaders.DELIVERIES,
            MessageHeaders.ATTEMPTS);

    private static final int MAX_EARLIER = 10;
    private static final int MAX_EARLIER_BYTES = 32 * 1024;
    /** Between two deaths: it stands nowhere in one of them, for what is between quotes has no line breaks. */
    private static final String NEXT = ",\n";

    private CaseFile() {}

    /** Whether a header tells of a death. */
    static boolean isOne(StoredMessage.Header header) {
        return NAMES.contains(new String(header.name(), StandardCharsets.UTF_8));
    }

    /**
     * The headers of a message that has died.
     *
     * @param queue the name of the queue that it died in
     * @param queueId the id of that queue's topic
     * @param telling how much is told
     */
    static Headers headers(String queue, UUID queueId, Message message, StoredMessage stored, Telling telling) {
        Headers headers = new Headers();
        for (StoredMessage.Header header : stored.headers()) {
            if (!header.isNamed(MessageHeaders.EARLIER_DEATHS)) {
                add(headers, header);
            }
        }
        addEarlier(headers, earlier(stored), telling.deaths());
        // A dead letter that dies in turn has the id of a message of another queue.
        if (!stored.isNamed() || diedAt(stored).isPresent()) {
            add(headers, MessageHeaders.ID, message.id.toString());
        }
        add(headers, MessageHeaders.QUEUE, queue);
        add(headers, MessageHeaders.QUEUE_ID, queueId.toString());
        add(headers, MessageHeaders.PARTITION, Integer.toString(message.id.partition()));
        add(headers, MessageHeaders.OFFSET, Long.toString(message.id.offset()));
        add(headers, MessageHeaders.ENQUEUED_AT, Long.toString(stored.timestampMs()));
        add(headers, MessageHeaders.DIED_AT, Long.toString(message.sinceMs));
        add(headers, MessageHeaders.DELIVERIES, Integer.toString(message.deliveries));
        if (telling.ofItself()) {
            add(headers, MessageHeaders.REASON, message.reason);
            add(headers, MessageHeaders.ATTEMPTS, json(message.attempts()));
        }
        return headers;
    }

    /** Whether a dead letter is of a queue, and not of another one that had its name; of one that does not say nobody knows. */
    static boolean isOf(StoredMessage letter, UUID queueId) {
        return letter.text(MessageHeaders.QUEUE_ID).orElse("").equals(queueId.toString());
    }

    /**
     * Whether a message of a dead letter queue is meant by who asks for those of a queue.
     *
     * @param origin the queue in which they died; the dead letter queue itself means all that died anywhere
     * @param source the dead letter queue
     */
    static boolean isFrom(StoredMessage message, String origin, String source) {
        return origin.equals(source)
                ? diedAt(message).isPresent()
                : message.text(MessageHeaders.QUEUE).orElse("").equals(origin);
    }

    /** Where a dead letter died; empty if it does not say. */
    static Optional<MessageId> diedAt(StoredMessage letter) {
        return MessageId.parse(letter.text(MessageHeaders.PARTITION).orElse("")
                + "-"
                + letter.text(MessageHeaders.OFFSET).orElse(""));
    }

    static void add(Headers headers, StoredMessage.Header header) {
        byte[] value = header.value().orElse(null);
        headers.add(header.name(), 0, header.name().length, value, 0, value == null ? -1 : value.length);
    }

    static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * How much a message tells of its deaths, for there must be room for it.
     *
     * @param deaths of how many that were before, of which the last are told
     * @param ofItself whether a dead letter has its reason and its attempts
     */
    record Telling(int deaths, boolean ofItself) {
        /** From all to nothing. */
        static final List<Telling> STEPS = List.of(
                new Telling(MAX_EARLIER, true), new Telling(1, true), new Telling(0, true), new Telling(0, false));
    }

    /**
     * The headers that tell most of those that fit.
     *
     * @param headers what they are for how much is told
     * @param maxBytes how large the record may be
     * @return those that tell least if none fit
     */
    static Headers fitting(StoredMessage message, long maxBytes, Function<Telling, Headers> headers) {
        Headers last = null;
        for (Telling telling : Telling.STEPS) {
            last = headers.apply(telling);
            if (Conveyor.size(message, last) <= maxBytes) {
                break;
            }
        }
        return last;
    }

    /** Lets a dead letter that is sent again tell of its deaths, the last one included. */
    static void addDeaths(Headers headers, StoredMessage letter, Telling telling) {
        List<String> deaths = new ArrayList<>(earlier(letter));
        String death = death(letter, letter.text(MessageHeaders.ATTEMPTS).orElse("[]"));
        deaths.add(bytes(death) > MAX_EARLIER_BYTES ? death(letter, "[]") : death);
        addEarlier(headers, deaths, telling.deaths());
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static List<String> earlier(StoredMessage message) {
        String text = message.text(MessageHeaders.EARLIER_DEATHS).orElse("");
        boolean isOne = text.startsWith("[{") && text.endsWith("}]");
        return isOne ? List.of(text.substring(1, text.length() - 1).split(NEXT)) : List.of();
    }

    private static void addEarlier(Headers headers, List<String> deaths, int max) {
        int bytes = 0;
        int from = deaths.size();
        while (from > 0 && deaths.size() - from < max) {
            bytes += bytes(deaths.get(from - 1));
            if (bytes > MAX_EARLIER_BYTES) {
                break;
            }
            from--;
        }
        if (from < deaths.size()) {
            String told = String.join(NEXT, deaths.subList(from, deaths.size()));
            add(headers, MessageHeaders.EARLIER_DEATHS, "[" + told + "]");
        }
    }

    private static String death(StoredMessage letter, String attempts) {
        StringBuilder text = new StringBuilder("{\"queue\":");
        quoted(text, letter.text(MessageHeaders.QUEUE).orElse(""));
        number(text, "enqueued_at", letter, MessageHeaders.ENQUEUED_AT);
        number(text, "died_at", letter, MessageHeaders.DIED_AT);
        quoted(text.append(",\"reason\":"), letter.text(MessageHeaders.REASON).orElse(""));
        number(text, "deliveries", letter, MessageHeaders.DELIVERIES);
        return text.append(",\"attempts\":").append(attempts).append('}').toString();
    }

    private static void number(StringBuilder text, String name, StoredMessage letter, String header) {
        letter.number(header)
                .ifPresent(
                        number -> text.append(",\"").append(name).append("\":").append(number));
    }

    private static String json(List<Attempt> attempts) {
        StringBuilder text = new StringBuilder("[");
        for (Attempt attempt : attempts) {
            text.append(text.length() > 1 ? "," : "")
                    .append("{\"at\":")
                    .append(attempt.atMs())
                    .append(',')
                    .append(ofConsumer(attempt.consumer()))
                    .append(",\"held_ms\":")
                    .append(attempt.heldMs())
                    .append(",\"reason\":");
            quoted(text, attempt.reason()).append('}');
        }
        return text.append(']').toString();
    }

    /**
     * What the attempts of a message say if one was by a consumer. Quotes within a text are escaped, so this stands nowhere
     * else in them.
     */
    static String ofConsumer(String consumer) {
        return quoted(new StringBuilder("\"consumer\":"), consumer).toString();
    }

    private static StringBuilder quoted(StringBuilder text, String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append("\\u%04x".formatted((int) c));
            } else {
                text.append(c);
            }
        }
        return text.append('"');
    }
}
