package io.sluice.core.config;

/** Who decided a value. */
public enum SettingSource {
    /** Nobody: it is the default. */
    DEFAULT,
    /** The broker's settings. */
    BROKER,
    /** The topic's own settings. */
    TOPIC
}
