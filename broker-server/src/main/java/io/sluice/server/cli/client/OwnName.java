package io.sluice.server.cli.client;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;

/** What a process calls itself if nobody gave it a name. */
public final class OwnName {
    private OwnName() {}

    /** A name that no other process has: host, process and a random number. */
    public static String make() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            host = "localhost";
        }
        String random = Integer.toString(ThreadLocalRandom.current().nextInt(36 * 36 * 36 * 36), 36);
        return host + "-" + ProcessHandle.current().pid() + "-" + random;
    }
}
