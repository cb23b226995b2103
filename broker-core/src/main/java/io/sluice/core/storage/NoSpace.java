package io.sluice.core.storage;

import java.io.IOException;
import java.util.Locale;

/** Knows the failures that say that there is no space. */
public final class NoSpace {
    private NoSpace() {}

    /** Whether a failure says that there is no space; the JDK passes on the system's own words. */
    public static boolean isWhy(IOException failure) {
        String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        return message.contains("no space left") || message.contains("quota exceeded");
    }
}
