package io.sluice.server.http.push;

import io.sluice.core.BrokerException;
import io.sluice.core.engine.PartitionLog;
import io.vertx.core.Context;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The bells at the ends of partitions, one for all streams of an event loop that wait there: a log has room for few who wait,
 * and there may be thousands of streams. Owned by the event loop.
 */
final class Bells {
    private static final long WAIT_MS = 60_000;

    private final Context context;
    private final Map<PartitionLog, Bell> bells = new IdentityHashMap<>();

    /** Who waits at the end of one partition. */
    private static final class Bell {
        private final PartitionLog log;
        private final Set<Place> sleepers = new LinkedHashSet<>();
        private CompletableFuture<Boolean> waiting = CompletableFuture.completedFuture(false);

        Bell(PartitionLog log) {
            this.log = log;
        }
    }

    Bells(Context context) {
        this.context = context;
    }

    /** Wakes the place's pump once there is something to read, or it cannot be waited for any more. */
    void sleep(Place place) {
        Bell bell = bells.get(place.log());
        if (bell == null) {
            bell = new Bell(place.log());
            bells.put(place.log(), bell);
            bell.sleepers.add(place);
            arm(bell, place.offset());
        } else {
            // Rings for whatever lies behind an offset that is not behind this one's.
            bell.sleepers.add(place);
        }
    }

    /** The place does not wait any more. */
    void leave(Place place) {
        if (!place.isOpen()) {
            return;
        }
        Bell bell = bells.get(place.log());
        if (bell != null && bell.sleepers.remove(place) && bell.sleepers.isEmpty()) {
            bells.remove(bell.log);
            bell.waiting.cancel(false);
        }
    }

    private void arm(Bell bell, long offset) {
        try {
            bell.waiting = bell.log.awaitBeyond(offset, 1, WAIT_MS);
        } catch (BrokerException e) {
            bell.waiting = CompletableFuture.failedFuture(e);
        }
        bell.waiting.whenComplete((found, failure) -> context.runOnContext(v -> ring(bell, offset, found, failure)));
    }

    private void ring(Bell bell, long offset, Boolean found, Throwable failure) {
        if (bells.get(bell.log) != bell) {
            return;
        }
        if (failure == null && !found) {
            arm(bell, offset);
            return;
        }
        bells.remove(bell.log);
        List<Place> woken = new ArrayList<>(bell.sleepers);
        bell.sleepers.clear();
        for (Place place : woken) {
            place.pump().woken(place, failure != null);
        }
    }
}
