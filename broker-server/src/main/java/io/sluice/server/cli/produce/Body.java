package io.sluice.server.cli.produce;

import java.net.http.HttpRequest.BodyPublisher;

/** Collects records until they become the body of one request. For one thread at a time. */
interface Body {
    int recordCount();

    /** About how large the body is now. */
    int sizeInBytes();

    /** How much of the input its records were. */
    long inputBytes();

    /** Ends the collecting. The publisher gives the same bytes however often the request is sent. */
    BodyPublisher finish();
}
