package io.sluice.loadtest;

import io.sluice.loadtest.target.Target;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What one run sends, and how. Settings are checked against their bounds here, once.
 *
 * @param name how the report calls it
 * @param ratePerSecond requests a second that are meant to be sent; empty for as many as the connections carry
 * @param acks what a produce request waits for: all, 1 or 0
 * @param topicConfig settings of the topic or queue it creates
 * @param maxBacklog how many requests may be due and unsent before the run is called not kept up
 * @param threads event loops of the client
 * @param seed of the random payloads
 * @param maxBytes how much one fetch may answer
 * @param preloadRecords how many records a fetch workload reads over and over, or messages a receive workload can take
 * @param receivers connections that receive, of queues at a rate
 * @param until when the time of a message of a queue ends, at a rate
 * @param post what a {@link Kind#POST} workload sends where; present for that kind alone
 * @param settings every setting with the value that holds, for the report
 */
public record Workload(
        String name,
        Kind kind,
        Optional<Double> ratePerSecond,
        int connections,
        int recordsPerRequest,
        int recordBytes,
        String acks,
        int partitions,
        Map<String, String> topicConfig,
        Duration warmUp,
        Duration duration,
        Duration requestTimeout,
        long maxBacklog,
        int threads,
        long seed,
        FetchFormat format,
        int maxBytes,
        long preloadRecords,
        int receivers,
        Until until,
        Optional<Post> post,
        Map<String, String> settings) {

    static final int MAX_CONNECTIONS = 10_000;
    /** How many messages a queue takes or gives at once. */
    static final int MAX_RECEIVE = 1_000;

    static final int MAX_REQUEST_BYTES = 64 * 1024 * 1024;
    private static final double MAX_RATE = 1_000_000;

    /** What is measured. */
    public enum Kind {
        /** Produce requests; latency from the intended send time to the answer. */
        PRODUCE("produce"),
        /** Reading a full topic from its start, over and over; latency of each fetch. */
        FETCH("fetch"),
        /** Produce at a rate and fetch by long poll; latency of each record from its intended send time to its arrival. */
        END_TO_END("end-to-end"),
        /** One fixed request to any HTTP server. */
        POST("post"),
        /** Sending to a queue; latency from the intended send time to the answer. */
        QUEUE_SEND("queue-send"),
        /** Emptying a full queue; latency of a receive and the ack of what it gave. */
        QUEUE_RECEIVE_ACK("queue-receive-ack"),
        /**
         * In a closed loop each connection sends, receives and acknowledges in turn. At a rate some send and others receive and
         * acknowledge; latency of each message from its intended send time to its acknowledgement, or to its arrival.
         */
        QUEUE_END_TO_END("queue-end-to-end");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        /** Whether it needs a queue, and not a topic. */
        boolean isOfQueues() {
            return label.startsWith("queue-");
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /** When the time of a message ends that went through a queue. */
    public enum Until {
        ACK,
        ARRIVAL;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How a fetch wants its records. */
    public enum FetchFormat {
        JSON("application/json"),
        BATCHES("application/vnd.sluice.batches");

        private final String mediaType;

        FetchFormat(String mediaType) {
            this.mediaType = mediaType;
        }

        /** The value of the Accept header. */
        public String mediaType() {
            return mediaType;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A request to any server.
     *
     * @param target the server
     * @param pathAndQuery where to on it, with a slash in front
     * @param contentType of the body
     * @param body in which {@code {record}} stands for a random record
     */
    public record Post(Target target, String pathAndQuery, String contentType, String body) {}

    /**
     * Checks settings.
     *
     * @param name how the report calls it
     * @param source where the settings come from, for messages
     * @param given settings by key; what is not there has its default
     * @throws InvalidWorkloadException naming the setting and its bound
     */
    public static Workload of(String name, String source, Map<String, String> given) {
        WorkloadSettings settings = new WorkloadSettings(source, given);
        Kind kind = settings.choice("kind", Kind.class);
        Optional<Double> rate = settings.rate("rate", MAX_RATE);
        if (kind == Kind.END_TO_END && rate.isEmpty()) {
            throw settings.invalid("rate", "max", "must be a number for an end-to-end workload");
        }
        int recordsPerRequest = settings.intBetween("records-per-request", 1, 100_000);
        int recordBytes = settings.intBetween("record-bytes", 1, 32 * 1024 * 1024);
        if ((long) recordsPerRequest * recordBytes > MAX_REQUEST_BYTES) {
            throw settings.invalid(
                    "record-bytes",
                    Integer.toString(recordBytes),
                    "times records-per-request = " + recordsPerRequest + " must be at most " + MAX_REQUEST_BYTES);
        }
        boolean isStamped = kind == Kind.END_TO_END || kind == Kind.QUEUE_END_TO_END;
        if (isStamped && recordBytes < SendTimeStamp.BYTES) {
            throw settings.invalid(
                    "record-bytes",
                    Integer.toString(recordBytes),
                    "must be at least " + SendTimeStamp.BYTES
                            + " for an end-to-end workload, whose records carry a time");
        }
        if (kind.isOfQueues() && recordsPerRequest > MAX_RECEIVE) {
            throw settings.invalid(
                    "records-per-request",
                    Integer.toString(recordsPerRequest),
                    "must be at most " + MAX_RECEIVE + " for a queue, which gives no more at once");
        }
        String acks = settings.text("acks");
        if (!acks.equals("all") && !acks.equals("1") && !acks.equals("0")) {
            throw settings.invalid("acks", acks, "must be all, 1 or 0");
        }
        return new Workload(
                name,
                kind,
                rate,
                settings.intBetween("connections", 1, MAX_CONNECTIONS),
                recordsPerRequest,
                recordBytes,
                acks,
                settings.intBetween("partitions", 1, 1_000),
                settings.topicConfig(),
                settings.durationBetween("warm-up", Duration.ZERO, Duration.ofMinutes(10)),
                settings.durationBetween("duration", Duration.ofMillis(100), Duration.ofHours(1)),
                settings.durationBetween("request-timeout", Duration.ofMillis(100), Duration.ofMinutes(2)),
                // A second's worth may wait: more is not a stall that the client waits out, it is a rate too high.
                settings.optional("max-backlog").isPresent()
                        ? settings.longBetween("max-backlog", 1, 1_000_000_000)
                        : (long) Math.max(1, Math.ceil(rate.orElse(1.0))),
                settings.intBetween("threads", 1, 64),
                settings.longBetween("seed", Long.MIN_VALUE, Long.MAX_VALUE),
                settings.choice("format", FetchFormat.class),
                settings.intBetween("max-bytes", 1, 64 * 1024 * 1024),
                settings.longBetween("preload-records", 1, 1_000_000_000),
                settings.intBetween("receivers", 1, MAX_CONNECTIONS),
                settings.choice("until", Until.class),
                post(kind, settings),
                settings.effective());
    }

    private static Optional<Post> post(Kind kind, WorkloadSettings settings) {
        Optional<String> url = settings.optional("url");
        if (kind != Kind.POST) {
            if (url.isPresent()) {
                throw settings.invalid("url", url.get(), "is for kind = post alone");
            }
            return Optional.empty();
        }
        if (url.isEmpty()) {
            throw settings.invalid("url", "", "must be the URL to post to, for kind = post");
        }
        try {
            URI uri = URI.create(url.get());
            String path = Optional.ofNullable(uri.getRawPath())
                    .filter(raw -> !raw.isEmpty())
                    .orElse("/");
            String query =
                    Optional.ofNullable(uri.getRawQuery()).map(raw -> "?" + raw).orElse("");
            Target target = Target.of(uri.getScheme() + "://" + uri.getRawAuthority());
            return Optional.of(new Post(target, path + query, settings.text("content-type"), settings.text("body")));
        } catch (IllegalArgumentException e) {
            throw settings.invalid("url", url.get(), "must be an http URL: " + e.getMessage());
        }
    }

    /** The settings of a queue: those of its topic have a dot in their names. */
    Map<String, String> settingsOfQueue() {
        return settings(key -> key.indexOf('.') < 0);
    }

    /** Of the settings of a queue those that are its topic's. */
    Map<String, String> settingsOfTopic() {
        return settings(key -> key.indexOf('.') >= 0);
    }

    private Map<String, String> settings(Predicate<String> wanted) {
        Map<String, String> some = new TreeMap<>(topicConfig);
        some.keySet().removeIf(wanted.negate());
        return some;
    }

    /** Bytes of values that one produce request carries. */
    public long requestPayloadBytes() {
        return (long) recordsPerRequest * recordBytes;
    }
}
