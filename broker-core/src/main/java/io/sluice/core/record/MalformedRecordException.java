package io.sluice.core.record;

/** The records of a batch cannot be walked: a length, count or varint does not fit the bytes. */
public final class MalformedRecordException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MalformedRecordException(String message) {
        super(message);
    }
}
