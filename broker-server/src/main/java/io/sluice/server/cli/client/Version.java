package io.sluice.server.cli.client;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} says: our version from the jar's manifest, and the Java that runs it. */
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"sluice " + number(), "Java " + System.getProperty("java.version")};
    }

    private static String number() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
