package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * The records of one batch that is read piece by piece. A key or value too large for memory is read twice: a scout goes
 * ahead and finds out whether it is JSON, text or neither, then it is written in pieces. Both only move forward, so a
 * batch of many large values costs two passes and not one for each. For use by one thread at a time.
 */
final class StreamSource implements RecordSource {
    /** Records and fields up to this size are written from memory. */
    private static final int SMALL_BYTES = 16 * 1024;
    /** A multiple of 3, so that pieces of base64 fit together. */
    private static final int PIECE_BYTES = 6 * 1024;

    /** After so many bytes of records that nobody wants, others have their turn. */
    private static final int SCAN_BYTES = 4 * 1024 * 1024;

    /** Headers are held in memory while they are written. */
    private static final int MAX_HEADER_BYTES = 1024 * 1024;

    private enum State {
        RECORD,
        KEY,
        VALUE,
        PIECES_OF_KEY,
        PIECES_OF_VALUE,
        HEADERS
    }

    private final RecordBatch header;
    private final int sizeInBytes;
    private final PieceInput.Pieces pieces;
    private final Codecs codecs;
    private final Runnable onClose;
    private final RecordSieve sieve = new RecordSieve(this::open);
    private final ValueKind.Classifier classifier = new ValueKind.Classifier();
    private byte[] scratch = new byte[PIECE_BYTES];
    private RecordStream records;
    private RecordStream scout;
    private State state = State.RECORD;
    private ValueKind kind = ValueKind.TEXT;
    private int bytesLeft;
    private boolean closed;

    /**
     * @param header a view of the batch's header
     * @param sizeInBytes the size of the whole batch
     * @param pieces reads any part of the batch
     * @param onClose lets the batch go
     */
    StreamSource(RecordBatch header, int sizeInBytes, PieceInput.Pieces pieces, Codecs codecs, Runnable onClose) {
        this.header = header;
        this.sizeInBytes = sizeInBytes;
        this.pieces = pieces;
        this.codecs = codecs;
        this.onClose = onClose;
    }

    private RecordStream open() throws IOException {
        PieceInput stored = new PieceInput(pieces, RecordBatch.HEADER_BYTES, sizeInBytes);
        return new RecordStream(header, codecs.decompress(header.compression(), stored));
    }

    @Override
    public boolean fill(JsonOutput out, RecordJson json, FetchProgress progress, int limitBytes) throws IOException {
        if (records == null) {
            if (header.isControl()) {
                progress.skipTo(header.nextOffset());
                return true;
            }
            records = open();
        }
        long scanEnd = records.position() + SCAN_BYTES;
        while (out.size() < limitBytes) {
            switch (state) {
                case RECORD -> {
                    if (!records.next()) {
                        progress.skipTo(header.nextOffset());
                        return true;
                    }
                    if (records.offset() >= progress.offset()) {
                        if (!progress.wants(records, sieve)) {
                            if (progress.isFull()) {
                                return true;
                            }
                            if (records.position() > scanEnd) {
                                return false;
                            }
                            continue;
                        }
                        if (!progress.admit(records.offset(), records.remaining())) {
                            return true;
                        }
                        if (json.isStrict() && !canShow(json.values())) {
                            progress.refuse(records.offset());
                            return true;
                        }
                        json.begin(out, records.offset(), records.timestamp());
                        state = State.KEY;
                    }
                }
                case KEY -> field(out, json, RecordJson.KEY, json.keyBase64(), State.PIECES_OF_KEY, State.VALUE);
                case VALUE ->
                    field(out, json, RecordJson.VALUE, json.valueBase64(), State.PIECES_OF_VALUE, State.HEADERS);
                case PIECES_OF_KEY -> piece(out, json, State.VALUE);
                case PIECES_OF_VALUE -> piece(out, json, State.HEADERS);
                default -> {
                    headers(out, json);
                    state = State.RECORD;
                    if (progress.isFull()) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private void field(
            JsonOutput out, RecordJson json, byte[] name, byte[] base64Name, State inPieces, State afterwards)
            throws IOException {
        int length = records.readLength("field");
        if (length <= SMALL_BYTES) {
            json.field(out, name, base64Name, length >= 0, read(Math.max(0, length)));
            state = afterwards;
            return;
        }
        // What was looked at before the record was begun is known, and the scout has gone on.
        kind = json.isStrict() ? json.values().strictKind() : kindOf(json.values(), length);
        out.put(kind == ValueKind.BINARY ? base64Name : name);
        if (kind != ValueKind.JSON) {
            out.put('"');
        }
        bytesLeft = length;
        state = inPieces;
    }

    /** Sends the scout over key and value of the record that begins here: whether both can be shown in one form. */
    private boolean canShow(Values values) throws IOException {
        if (values == Values.BASE64) {
            return true;
        }
        scout().enter(records.position(), records.position() + records.remaining());
        return isShown(values) && isShown(values);
    }

    private boolean isShown(Values values) throws IOException {
        int length = scout.readLength("field");
        return length < 0 || scouted(values, length) == values.strictKind();
    }

    private RecordStream scout() throws IOException {
        if (scout == null) {
            scout = open();
        }
        return scout;
    }

    /** Sends the scout over the field that begins here. */
    private ValueKind kindOf(Values values, int length) throws IOException {
        if (values == Values.BASE64) {
            return ValueKind.BINARY;
        }
        scout().skipTo(records.position());
        return scouted(values, length);
    }

    private ValueKind scouted(Values values, int length) throws IOException {
        classifier.begin();
        for (int left = length; left > 0; ) {
            int count = Math.min(left, PIECE_BYTES);
            scout.read(scratch, 0, count);
            classifier.feed(scratch, 0, count);
            left -= count;
        }
        return classifier.end(values);
    }

    private void piece(JsonOutput out, RecordJson json, State afterwards) throws IOException {
        int count = Math.min(bytesLeft, PIECE_BYTES);
        records.read(scratch, 0, count);
        bytesLeft -= count;
        switch (kind) {
            case JSON -> out.json(scratch, 0, count, json.lines());
            case TEXT -> out.escaped(scratch, 0, count);
            case BINARY -> out.base64(scratch, 0, count);
        }
        if (bytesLeft == 0) {
            if (kind != ValueKind.JSON) {
                out.put('"');
            }
            state = afterwards;
        }
    }

    private void headers(JsonOutput out, RecordJson json) throws IOException {
        if (records.remaining() > MAX_HEADER_BYTES) {
            throw new BrokerException(
                    ErrorCode.RECORD_TOO_LARGE,
                    "the headers of the record at offset " + records.offset() + " take " + records.remaining()
                            + " bytes; as JSON they may take " + MAX_HEADER_BYTES
                            + ", as application/vnd.sluice.batches any number");
        }
        int count = records.readCount("header count");
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[records.readCount("header name")];
            records.read(name, 0, name.length);
            int length = records.readLength("header value");
            json.header(out, ByteBuffer.wrap(name), length >= 0, read(Math.max(0, length)));
        }
        json.end(out);
    }

    /** Reads a field into memory; the buffer is valid until the next one is read. */
    private ByteBuffer read(int length) throws IOException {
        if (length > scratch.length) {
            scratch = new byte[Math.max(length, SMALL_BYTES)];
        }
        records.read(scratch, 0, length);
        return ByteBuffer.wrap(scratch, 0, length);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (RecordStream first = records;
                RecordStream second = scout;
                RecordSieve third = sieve) {
            assert third != null && (first != second || first == null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            onClose.run();
        }
    }
}
