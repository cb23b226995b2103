package io.sluice.server.http.records;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
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
                        if (json instanceof EventJson events) {
                            event(out, events);
                            continue;
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
                    if (json instanceof EventJson events) {
                        // Its headers have been written before its value.
                        events.end(out);
                    } else {
                        forEachHeader(records, (name, hasValue, value) -> json.header(out, name, hasValue, value));
                        json.end(out);
                    }
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
            json.field(out, name, base64Name, length >= 0, read(records, Math.max(0, length)));
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
        classify(length);
        return classifier.end(values);
    }

    /** Sends the scout over what it stands before; tells the first byte of it that is no space, or 0. */
    private byte classify(int length) throws IOException {
        byte first = 0;
        classifier.begin();
        for (int left = length; left > 0; ) {
            int count = Math.min(left, PIECE_BYTES);
            scout.read(scratch, 0, count);
            classifier.feed(scratch, 0, count);
            for (int at = 0; at < count && first == 0; at++) {
                first = scratch[at] > ' ' || scratch[at] < 0 ? scratch[at] : 0;
            }
            left -= count;
        }
        return first;
    }

    /** Writes the record that was entered as an event; of a large one only what comes before its data. */
    private void event(JsonOutput out, EventJson json) throws IOException {
        json.event().clear();
        if (records.remaining() <= SMALL_BYTES) {
            int keyLength = records.readLength("key");
            ByteBuffer key = copy(records, keyLength);
            int length = records.readLength("value");
            ByteBuffer value = copy(records, length);
            forEachHeader(records, json.event()::add);
            json.whole(out, records.offset(), records.timestamp(), keyLength >= 0, key, length >= 0, value);
            return;
        }
        scout().enter(records.position(), records.position() + records.remaining());
        int skipped = Math.max(0, scout.readLength("key"));
        scout.skipTo(scout.position() + skipped);
        byte first = classify(Math.max(0, scout.readLength("value")));
        forEachHeader(scout, json.event()::add);
        int keyLength = records.readLength("key");
        boolean showsKey = keyLength >= 0 && json.wantsKey();
        if (showsKey && keyLength > MAX_HEADER_BYTES) {
            throw tooLarge("key", keyLength);
        }
        ByteBuffer key = showsKey ? copy(records, keyLength) : ByteBuffer.allocate(0);
        if (!showsKey) {
            records.skipTo(records.position() + Math.max(0, keyLength));
        }
        int length = records.readLength("value");
        kind = classifier.end(json.event().isStructured() ? Values.JSON : json.dataAs());
        bytesLeft = Math.max(0, length);
        state = State.HEADERS;
        // One too large for memory is believed to be an event if it is an object.
        if (json.event().isStructured() && kind == ValueKind.JSON && first == '{') {
            json.separate(out);
            state = State.PIECES_OF_VALUE;
            return;
        }
        json.begin(out, records.offset(), records.timestamp(), showsKey, key);
        if (length >= 0) {
            json.typeOf(out, kind);
            out.put(kind == ValueKind.BINARY ? EventJson.DATA_BASE64 : EventJson.DATA);
            if (kind != ValueKind.JSON) {
                out.put('"');
            }
            state = State.PIECES_OF_VALUE;
        }
    }

    private static ByteBuffer copy(RecordStream from, int length) throws IOException {
        byte[] field = new byte[Math.max(0, length)];
        from.read(field, 0, field.length);
        return ByteBuffer.wrap(field);
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

    private void forEachHeader(RecordStream from, RecordCursor.HeaderConsumer consumer) throws IOException {
        if (from.remaining() > MAX_HEADER_BYTES) {
            throw tooLarge("headers", from.remaining());
        }
        int count = from.readCount("header count");
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[from.readCount("header name")];
            from.read(name, 0, name.length);
            int length = from.readLength("header value");
            consumer.accept(ByteBuffer.wrap(name), length >= 0, read(from, Math.max(0, length)));
        }
    }

    private BrokerException tooLarge(String what, int bytes) {
        return new BrokerException(
                ErrorCode.RECORD_TOO_LARGE,
                "the " + what + " of the record at offset " + records.offset() + " take " + bytes
                        + " bytes; as JSON they may take " + MAX_HEADER_BYTES
                        + ", as application/vnd.sluice.batches any number");
    }

    /** Reads a field into memory; the buffer is valid until the next one is read. */
    private ByteBuffer read(RecordStream from, int length) throws IOException {
        if (length > scratch.length) {
            scratch = new byte[Math.max(length, SMALL_BYTES)];
        }
        from.read(scratch, 0, length);
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
