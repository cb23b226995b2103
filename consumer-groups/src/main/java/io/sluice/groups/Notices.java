package io.sluice.groups;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps and counts the latest notices, and logs each. Safe on any thread. */
public final class Notices {
    private static final Logger LOG = LoggerFactory.getLogger(Notices.class);
    private static final int MAX_KEPT = 1_000;

    private final Deque<Notice> latest = new ArrayDeque<>();
    private final Map<Notice.Reason, Long> counts = new EnumMap<>(Notice.Reason.class);

    Notices() {}

    synchronized void add(Notice notice) {
        if (latest.size() == MAX_KEPT) {
            latest.removeFirst();
        }
        latest.addLast(notice);
        counts.merge(notice.reason(), 1L, Long::sum);
        LOG.warn(
                "group {}: position {} of {}: {}{}",
                notice.group(),
                notice.offset(),
                notice.partition(),
                notice.reason().code(),
                notice.records() > 0 ? ", " + notice.records() + " records will not be read" : "");
    }

    /** The latest notices about a group, the oldest first. */
    public synchronized List<Notice> about(String group) {
        return latest.stream().filter(notice -> notice.group().equals(group)).toList();
    }

    /** How many there have been for a reason. */
    public synchronized long count(Notice.Reason reason) {
        return counts.getOrDefault(reason, 0L);
    }
}
