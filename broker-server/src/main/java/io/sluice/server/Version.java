package io.sluice.server;

/** The version of this build. */
public final class Version {
    private Version() {}

    /** The version that the jar names, or {@code development} when run from classes. */
    public static String current() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
