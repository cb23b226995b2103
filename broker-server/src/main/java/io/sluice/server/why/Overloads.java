package io.sluice.server.why;

import java.util.Optional;

/** Remembers when a count of refusals last went up. Safe on any thread. */
public final class Overloads {
    /** How long a refusal counts as lately. */
    public static final long LATELY_MS = 60_000;

    private long seen;
    private long firstMs;
    private long lastMs;
    private long count;

    /**
     * What was refused lately, as far as anybody looked.
     *
     * @param refused how many have been refused since the start
     */
    public synchronized Optional<BrokerSnapshot.Overload> look(long refused, long nowMs) {
        if (refused > seen) {
            if (count == 0 || nowMs - lastMs > LATELY_MS) {
                firstMs = nowMs;
                count = 0;
            }
            count += refused - seen;
            seen = refused;
            lastMs = nowMs;
        }
        return count > 0 && nowMs - lastMs <= LATELY_MS
                ? Optional.of(new BrokerSnapshot.Overload(firstMs, lastMs, count, "", "", ""))
                : Optional.empty();
    }
}
