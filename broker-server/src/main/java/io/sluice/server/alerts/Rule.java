package io.sluice.server.alerts;

import java.util.Locale;

/** What is looked at. */
public enum Rule {
    DISK_LOW,
    PARTITION_OFFLINE,
    GROUP_LAG_RECORDS,
    GROUP_LAG_MS,
    GROUP_NO_MEMBERS,
    TOPIC_IDLE;

    /** Its stable name. */
    public String title() {
        return name().toLowerCase(Locale.ROOT);
    }
}
