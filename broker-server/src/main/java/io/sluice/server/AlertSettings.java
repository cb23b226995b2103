package io.sluice.server;

import io.sluice.core.config.Rule;
import io.sluice.core.config.Setting;
import io.sluice.core.config.SettingValues;
import io.sluice.core.config.Settings;
import io.sluice.server.alerts.AlertConfig;
import java.net.URI;
import java.util.List;

/** The settings of alerts. */
final class AlertSettings {
    private static final long MAX_MS = 31_536_000_000L;

    static final Setting<Boolean> DISK_LOW = Setting.ofBoolean(
            "alert.disk.low.enable", true, "Whether it is an alert that writes are refused because the disk is low.");

    static final Setting<Boolean> PARTITION_OFFLINE = Setting.ofBoolean(
            "alert.partition.offline.enable", true, "Whether it is an alert that a partition is closed.");

    static final Setting<Long> GROUP_LAG_RECORDS = Setting.ofLong(
            "alert.group.lag.records",
            -1,
            Rule.atLeast(-1),
            "An alert for each group for which more records wait than this; -1 for none.");

    static final Setting<Long> GROUP_LAG_MS = Setting.ofLong(
            "alert.group.lag.ms",
            -1,
            Rule.between(-1, MAX_MS),
            "An alert for each group for which a record waits that is older than this; -1 for none.");

    static final Setting<Long> GROUP_NO_MEMBERS_MS = Setting.ofLong(
            "alert.group.no.members.ms",
            -1,
            Rule.between(-1, MAX_MS),
            "An alert for each group that has had no members for so long while records wait for it; -1 for none.");

    static final Setting<Long> TOPIC_IDLE_MS = Setting.ofLong(
            "alert.topic.idle.ms",
            -1,
            Rule.between(-1, MAX_MS),
            "An alert for each topic to which nothing has been written for longer than this since the broker runs; -1 for none.");

    static final Setting<Long> CHECK_INTERVAL_MS = Setting.ofLong(
            "alert.check.interval.ms",
            10_000,
            Rule.between(100, 3_600_000),
            "How long after one look at the alert rules the next one begins.");

    static final Setting<Integer> RAISE_CHECKS = Setting.ofInt(
            "alert.raise.checks",
            2,
            Rule.between(1, 1_000),
            "How many looks in a row must find something wrong before it is an alert.");

    static final Setting<Integer> CLEAR_CHECKS = Setting.ofInt(
            "alert.clear.checks",
            3,
            Rule.between(1, 1_000),
            "How many looks in a row must find it well again before the alert is over.");

    static final Setting<String> WEBHOOK_URL = Setting.ofPassword(
            "alert.webhook.url",
            new Rule<>(AlertSettings::isUrl, "an http or https address"),
            "Where alerts are sent by POST as CloudEvents; never shown, for it may hold a secret.");

    static final Setting<Long> WEBHOOK_TIMEOUT_MS = Setting.ofLong(
            "alert.webhook.timeout.ms",
            5_000,
            Rule.between(100, 300_000),
            "How long one try to reach the webhook may take.");

    static final Setting<Integer> WEBHOOK_TRIES = Setting.ofInt(
            "alert.webhook.tries",
            10,
            Rule.between(1, 100),
            "How often an event is tried at the webhook, each time after a longer pause of up to a minute.");

    static final Setting<Integer> WEBHOOK_MAX_QUEUED = Setting.ofInt(
            "alert.webhook.max.queued",
            1_000,
            Rule.between(1, 100_000),
            "How many events may wait for the webhook; then the oldest is dropped.");

    static final Settings ALL = Settings.of(List.of(
            DISK_LOW,
            PARTITION_OFFLINE,
            GROUP_LAG_RECORDS,
            GROUP_LAG_MS,
            GROUP_NO_MEMBERS_MS,
            TOPIC_IDLE_MS,
            CHECK_INTERVAL_MS,
            RAISE_CHECKS,
            CLEAR_CHECKS,
            WEBHOOK_URL,
            WEBHOOK_TIMEOUT_MS,
            WEBHOOK_TRIES,
            WEBHOOK_MAX_QUEUED));

    private AlertSettings() {}

    private static boolean isUrl(String text) {
        try {
            URI uri = URI.create(text);
            boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            return http && uri.getHost() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static AlertConfig read(SettingValues values) {
        return new AlertConfig(
                values.get(DISK_LOW),
                values.get(PARTITION_OFFLINE),
                values.get(GROUP_LAG_RECORDS),
                values.get(GROUP_LAG_MS),
                values.get(GROUP_NO_MEMBERS_MS),
                values.get(TOPIC_IDLE_MS),
                values.get(CHECK_INTERVAL_MS),
                values.get(RAISE_CHECKS),
                values.get(CLEAR_CHECKS),
                values.find(WEBHOOK_URL).map(URI::create),
                values.get(WEBHOOK_TIMEOUT_MS),
                values.get(WEBHOOK_TRIES),
                values.get(WEBHOOK_MAX_QUEUED));
    }
}
