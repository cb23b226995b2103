package io.sluice.server.why;

import io.sluice.server.why.BrokerSnapshot.Overload;
import java.util.List;
import java.util.OptionalLong;

/** What holds up everything. */
final class WhyBroker {
    private WhyBroker() {}

    static void addTo(List<Reason> reasons, BrokerSnapshot broker, long nowMs) {
        if (broker.diskLow()) {
            reasons.add(new Reason(
                            Reason.Code.DISK_LOW,
                            "writes are refused: " + broker.freeBytes() + " bytes are free and the floor is "
                                    + broker.floorBytes(),
                            OptionalLong.empty())
                    .culprit("setting", "log.min.free.bytes")
                    .detail("free_bytes", broker.freeBytes())
                    .detail("floor_bytes", broker.floorBytes()));
        }
        broker.overload().ifPresent(overload -> reasons.add(overloaded(overload, nowMs)));
    }

    private static Reason overloaded(Overload overload, long nowMs) {
        String met = overload.where().isEmpty()
                ? "appends were refused because a queue was full"
                : overload.where() + " of " + overload.client() + " was refused: " + overload.message();
        Reason reason = new Reason(
                        Reason.Code.OVERLOADED,
                        met + "; the last of " + overload.count() + " was " + Words.ago(nowMs - overload.lastMs()),
                        OptionalLong.of(overload.firstMs()))
                .detail("count", overload.count())
                .detail("last_at", overload.lastMs());
        return overload.client().isEmpty()
                ? reason.culprit("setting", "max.queued.append.bytes")
                : reason.culprit("client", overload.client());
    }
}
