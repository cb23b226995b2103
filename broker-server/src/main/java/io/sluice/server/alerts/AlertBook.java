package io.sluice.server.alerts;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is wrong now and was lately. A subject is raised and cleared only after several looks in a row that say the same, so that one that
 * comes and goes does not make an event each time. Safe on any thread; one of them observes.
 */
public final class AlertBook {
    /** How many subjects are remembered that are wrong, or are not yet well again. */
    public static final int MAX_TRACKED = 1_000;

    /** How many alerts are kept that are over. */
    public static final int MAX_LATELY = 200;

    private final int raiseChecks;
    private final int clearChecks;
    private final Map<Key, Track> tracked = new HashMap<>();
    private final Deque<Alert> lately = new ArrayDeque<>();
    private final Deliveries webhook = new Deliveries();
    private long untracked;

    private record Key(Rule rule, String subject) {}

    private static final class Track {
        /** Looks in a row that contradict the present state. */
        private int against;

        private Alert alert;
    }

    /**
     * An empty book.
     *
     * @param raiseChecks how many looks in a row must find a subject wrong
     * @param clearChecks how many must find it well again
     */
    public AlertBook(int raiseChecks, int clearChecks) {
        this.raiseChecks = raiseChecks;
        this.clearChecks = clearChecks;
    }

    /**
     * What a look has found.
     *
     * @param wrong what is wrong, or empty if it is well
     * @return the alert if it is raised or cleared now
     */
    synchronized Optional<Alert> observe(Rule rule, String subject, Optional<String> wrong, long nowMs) {
        Key key = new Key(rule, subject);
        Track track = tracked.get(key);
        if (track == null) {
            if (wrong.isEmpty()) {
                return Optional.empty();
            }
            if (tracked.size() == MAX_TRACKED) {
                untracked++;
                return Optional.empty();
            }
            track = new Track();
            tracked.put(key, track);
        }
        boolean raised = track.alert != null;
        if (raised != wrong.isEmpty()) {
            track.against = 0;
            if (!raised) {
                tracked.remove(key);
            }
            return Optional.empty();
        }
        track.against++;
        if (track.against < (raised ? clearChecks : raiseChecks)) {
            return Optional.empty();
        }
        track.against = 0;
        if (!raised) {
            track.alert = new Alert(rule, subject, wrong.get(), nowMs, OptionalLong.empty());
            return Optional.of(track.alert);
        }
        tracked.remove(key);
        Alert was = track.alert;
        Alert over = new Alert(rule, subject, was.message(), was.raisedMs(), OptionalLong.of(nowMs));
        if (lately.size() == MAX_LATELY) {
            lately.removeLast();
        }
        lately.addFirst(over);
        return Optional.of(over);
    }

    /** The subjects that are wrong by a rule, or are about to be: those that must be looked at each time. */
    synchronized List<String> subjects(Rule rule) {
        return tracked.keySet().stream()
                .filter(key -> key.rule() == rule)
                .map(Key::subject)
                .sorted()
                .toList();
    }

    /** What is raised, the first first. */
    public synchronized List<Alert> raised() {
        return tracked.values().stream()
                .filter(track -> track.alert != null)
                .map(track -> track.alert)
                .sorted(Comparator.comparingLong(Alert::raisedMs).thenComparing(Alert::subject))
                .toList();
    }

    /** How many are raised by a rule. */
    synchronized long raised(Rule rule) {
        return tracked.entrySet().stream()
                .filter(one -> one.getKey().rule() == rule && one.getValue().alert != null)
                .count();
    }

    /** What was raised and is over, the last first. */
    public synchronized List<Alert> lately() {
        return new ArrayList<>(lately);
    }

    /** How often something was wrong and there was no room for it. */
    public synchronized long untracked() {
        return untracked;
    }

    /** What has become of what was to be sent to the webhook. */
    public Deliveries webhook() {
        return webhook;
    }
}
