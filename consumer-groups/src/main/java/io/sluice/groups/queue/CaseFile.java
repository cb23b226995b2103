package io.sluice.groups.queue;

import io.sluice.core.record.Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

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

    /** Of so many deaths a message tells that is sent again: of less if it does not fit. */
    static final List<Integer> EARLIER = List.of(10, 1, 0);

    private static final int MAX_EARLIER_BYTES = 32 * 1024;

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
     * @param whole whether each attempt is told, and of earlier deaths
     */
    static Headers headers(String queue, UUID queueId, Message message, StoredMessage stored, boolean whole) {
        Headers headers = new Headers();
        stored.headers().stream()
                .filter(header -> whole || !header.isNamed(MessageHeaders.EARLIER_DEATH))
                .forEach(header -> add(headers, header));
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
        if (whole) {
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
     * The deaths of a dead letter, one as JSON each, the last one last.
     *
     * @param max how many at most, of which the oldest are left out
     */
    static List<String> deaths(StoredMessage letter, int max) {
        List<String> deaths = new ArrayList<>(letter.texts(MessageHeaders.EARLIER_DEATH));
        deaths.add(death(letter));
        int bytes = 0;
        int from = deaths.size();
        while (from > 0 && deaths.size() - from < max) {
            bytes += deaths.get(from - 1).getBytes(StandardCharsets.UTF_8).length;
            if (bytes > MAX_EARLIER_BYTES) {
                break;
            }
            from--;
        }
        return deaths.subList(from, deaths.size());
    }

    private static String death(StoredMessage letter) {
        StringBuilder text = new StringBuilder("{\"queue\":");
        quoted(text, letter.text(MessageHeaders.QUEUE).orElse(""));
        number(text, "enqueued_at", letter, MessageHeaders.ENQUEUED_AT);
        number(text, "died_at", letter, MessageHeaders.DIED_AT);
        quoted(text.append(",\"reason\":"), letter.text(MessageHeaders.REASON).orElse(""));
        number(text, "deliveries", letter, MessageHeaders.DELIVERIES);
        return text.append(",\"attempts\":")
                .append(letter.text(MessageHeaders.ATTEMPTS).orElse("[]"))
                .append('}')
                .toString();
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
