package io.sluice.server.cli.log;

/** Numbers of things, for a person. */
final class Counted {
    private Counted() {}

    /** {@code 1 batch}, {@code 2 batches}. */
    static String of(long number, String noun) {
        String plural = noun.endsWith("ch") ? noun + "es" : noun + "s";
        return number + " " + (number == 1 ? noun : plural);
    }
}
