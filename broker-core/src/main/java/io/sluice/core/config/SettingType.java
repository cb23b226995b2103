package io.sluice.core.config;

/** What the text of a setting stands for. The names are those that Kafka's tools show. */
public enum SettingType {
    BOOLEAN("true or false"),
    STRING("a text"),
    INT("a whole number from " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE),
    LONG("a whole number from " + Long.MIN_VALUE + " to " + Long.MAX_VALUE),
    DOUBLE("a number"),
    /** Texts between commas. */
    LIST("a list of texts between commas"),
    /** A text that is never shown. */
    PASSWORD("a text");

    private final String meaning;

    SettingType(String meaning) {
        this.meaning = meaning;
    }

    /** What a value must be, to complete the sentence "must be ...". */
    public String meaning() {
        return meaning;
    }
}
