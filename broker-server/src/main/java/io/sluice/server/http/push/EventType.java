package io.sluice.server.http.push;

import io.sluice.server.http.json.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Which event types can be the name of an event: a name stands on a line of its own. */
final class EventType {
    private static final int MAX_BYTES = 255;
    /** The names of our own events begin so. */
    private static final byte[] OWN = {'s', 'l', 'u', 'i', 'c', 'e', '.'};
    /** With these a browser tells its page of the connection: a page would take such a record for a cut. */
    private static final List<byte[]> OF_CONNECTIONS =
            List.of("open".getBytes(StandardCharsets.US_ASCII), "error".getBytes(StandardCharsets.US_ASCII));

    private EventType() {}

    /** Whether a record of this type may be named by it. */
    static boolean isName(byte[] type) {
        if (type.length == 0 || type.length > MAX_BYTES || isOwn(type) || !Utf8.isValid(type, 0, type.length)) {
            return false;
        }
        if (OF_CONNECTIONS.stream().anyMatch(name -> Arrays.equals(name, type))) {
            return false;
        }
        for (byte b : type) {
            if (b == '\n' || b == '\r' || b == 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isOwn(byte[] type) {
        for (int i = 0; i < OWN.length; i++) {
            if (i >= type.length || type[i] != OWN[i]) {
                return false;
            }
        }
        return true;
    }
}
