package io.sluice.server.why;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/** Why a topic does not move. */
public final class WhyTopic {
    /** How many partitions are named for one reason. */
    static final int MAX_NAMED = 10;

    private WhyTopic() {}

    /**
     * The reasons, the gravest first.
     *
     * @param before an earlier sample of the topic
     */
    public static List<Reason> reasons(TopicSnapshot topic, BrokerSnapshot broker, Sample before) {
        List<Reason> reasons = new ArrayList<>();
        unreadable(reasons, topic);
        WhyBroker.addTo(reasons, broker, topic.nowMs());
        traffic(reasons, topic, before.until(topic.sample()));
        if (topic.readers().isEmpty() && topic.allLooked()) {
            reasons.add(new Reason(
                    Reason.Code.NO_READERS,
                    "no client that is connected reads topic " + topic.name() + " or has said that it will",
                    OptionalLong.empty()));
        }
        reasons.sort(Comparator.comparing(Reason::code));
        return reasons;
    }

    private static void unreadable(List<Reason> reasons, TopicSnapshot topic) {
        List<PartitionSnapshot> closed =
                topic.partitions().stream().filter(one -> !one.isReadable()).toList();
        if (!closed.isEmpty() && closed.size() == topic.partitionCount()) {
            reasons.add(new Reason(
                    Reason.Code.NO_READABLE_PARTITIONS,
                    "none of the " + topic.partitionCount() + " partitions of topic " + topic.name() + " can be read",
                    OptionalLong.empty()));
        }
        closed.stream().limit(MAX_NAMED).forEach(one -> reasons.add(offline(one)));
    }

    static Reason offline(PartitionSnapshot closed) {
        return new Reason(
                        Reason.Code.PARTITION_OFFLINE,
                        closed.partition() + " is closed: "
                                + closed.unavailable().orElse(""),
                        OptionalLong.empty())
                .culprit("topic", closed.partition().topic())
                .culprit("partition", closed.partition().partition());
    }

    private static void traffic(List<Reason> reasons, TopicSnapshot topic, Sample.Rates rates) {
        if (rates.written() > 0) {
            reasons.add(new Reason(
                            Reason.Code.MOVING,
                            Words.rate(rates.written()) + " are written, as seen over " + Words.lasting(rates.overMs()),
                            OptionalLong.empty())
                    .detail("produce_rate", Words.rounded(rates.written()))
                    .detail("measured_ms", rates.overMs()));
            return;
        }
        boolean everWritten = topic.partitions().stream().anyMatch(one -> one.highWatermark() > 0);
        String what = everWritten
                ? topic.newestMs().isPresent()
                        ? "the newest record is of "
                                + Words.ago(topic.nowMs() - topic.newestMs().getAsLong())
                        : "all that was written has been deleted"
                : "nothing was ever written";
        String by = topic.producers().isEmpty()
                ? "no connected client has written to it lately"
                : topic.producers().size() == 1
                        ? "1 connected client has written to it"
                        : topic.producers().size() + " connected clients have written to it";
        Reason reason = new Reason(
                        Reason.Code.NO_TRAFFIC,
                        "nothing is written to topic " + topic.name() + ": " + what + ", and " + by,
                        topic.newestMs())
                .detail("measured_ms", rates.overMs());
        reasons.add(topic.producers().isEmpty() ? reason : reason.culprit("clients", topic.producers()));
    }
}
