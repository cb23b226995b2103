package io.sluice.core.config;

/** What the text of a setting stands for. The names are those that Kafka's tools show. */
public enum SettingType {
    BOOLEAN("true or false"),
    STRING("a text"),
    /** A whole number of 32 bits. */
    INT("a whole number"),
    /** A whole number of 64 bits. */
    LONG("a whole number"),
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
