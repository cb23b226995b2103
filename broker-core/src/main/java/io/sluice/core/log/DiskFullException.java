package io.sluice.core.log;

import io.sluice.core.storage.NoSpace;
import java.io.IOException;

/** A write found no space, and the file has been put back to what it was: nothing was written. */
public final class DiskFullException extends IOException {
    private static final long serialVersionUID = 1L;

    DiskFullException(String message, IOException cause) {
        super(message, cause);
    }

    /** Whether a failure says that there is no space. */
    static boolean isDiskFull(IOException failure) {
        return failure instanceof DiskFullException || NoSpace.isWhy(failure);
    }
}
