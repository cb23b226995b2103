package io.sluice.loadtest.queues;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A queue in an SQLite file of this process: a table of messages and one of what waits. A transaction sends, another takes
 * the oldest and deletes them, which is the acknowledgement as well: there are no leases. One connection, used by one
 * thread, for SQLite lets only one write at a time.
 */
final class SqliteQueues implements QueueSystem {
    private final String journal;
    private final String synchronous;
    private final Path folder;

    /**
     * @param journal as in {@code PRAGMA journal_mode}
     * @param synchronous as in {@code PRAGMA synchronous}
     */
    SqliteQueues(String journal, String synchronous, Path folder) {
        this.journal = journal;
        this.synchronous = synchronous;
        this.folder = folder;
    }

    @Override
    public String name() {
        return "SQLite " + journal + " " + synchronous;
    }

    @Override
    public OptionalLong server() {
        return OptionalLong.empty();
    }

    @Override
    public TestQueue create(String name, int callers, int batch) throws SQLException, IOException {
        Path file = Files.createDirectories(folder).resolve(name + ".db");
        return new SqliteQueue(file, DriverManager.getConnection("jdbc:sqlite:" + file));
    }

    @Override
    public void close() {}

    private final class SqliteQueue extends PulledQueue {
        private final Path file;
        private final Connection connection;
        private final Statement plain;
        private final PreparedStatement insertMessage;
        private final PreparedStatement insertWaiting;
        private final PreparedStatement oldest;
        private final PreparedStatement deleteMessage;
        private final PreparedStatement deleteWaiting;
        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private CompletableFuture<Received> waiter;
        private int unseen;

        SqliteQueue(Path file, Connection connection) throws SQLException {
            super(1);
            this.file = file;
            this.connection = connection;
            plain = connection.createStatement();
            plain.execute("PRAGMA journal_mode=" + journal);
            plain.execute("PRAGMA synchronous=" + synchronous);
            plain.execute("CREATE TABLE message(id INTEGER PRIMARY KEY, body TEXT, sent_at INTEGER)");
            plain.execute("CREATE TABLE waiting(id INTEGER PRIMARY KEY, queue TEXT, message INTEGER)");
            plain.execute("CREATE INDEX waiting_of_queue ON waiting(queue, id)");
            insertMessage = connection.prepareStatement("INSERT INTO message(body, sent_at) VALUES(?, ?)");
            insertWaiting =
                    connection.prepareStatement("INSERT INTO waiting(queue, message) VALUES('q', last_insert_rowid())");
            oldest = connection.prepareStatement("SELECT w.id, m.id, m.body FROM waiting w JOIN message m"
                    + " ON m.id = w.message WHERE w.queue = 'q' ORDER BY w.id LIMIT ?");
            deleteMessage = connection.prepareStatement("DELETE FROM message WHERE id = ?");
            deleteWaiting = connection.prepareStatement("DELETE FROM waiting WHERE id = ?");
        }

        private <T> CompletableFuture<T> transaction(Callable<T> what) {
            return CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            plain.execute("BEGIN IMMEDIATE");
                            T result = what.call();
                            plain.execute("COMMIT");
                            return result;
                        } catch (Exception e) {
                            throw new CompletionException(e);
                        }
                    },
                    thread);
        }

        @Override
        CompletionStage<?> send(List<String> bodies) {
            return transaction(() -> {
                        for (String body : bodies) {
                            insertMessage.setString(1, body);
                            insertMessage.setLong(2, System.currentTimeMillis());
                            insertMessage.executeUpdate();
                            insertWaiting.executeUpdate();
                        }
                        return bodies.size();
                    })
                    .thenApply(this::tell);
        }

        private synchronized int tell(int count) {
            unseen += count;
            if (waiter != null) {
                CompletableFuture<Received> told = waiter;
                waiter = null;
                thread.execute(() -> told.complete(Received.NOTHING));
            }
            return count;
        }

        @Override
        CompletionStage<Received> receive(int max) {
            return transaction(() -> {
                List<String> bodies = new ArrayList<>();
                List<long[]> ids = new ArrayList<>();
                oldest.setInt(1, max);
                try (ResultSet rows = oldest.executeQuery()) {
                    while (rows.next()) {
                        ids.add(new long[] {rows.getLong(1), rows.getLong(2)});
                        bodies.add(rows.getString(3));
                    }
                }
                for (long[] id : ids) {
                    deleteWaiting.setLong(1, id[0]);
                    deleteWaiting.executeUpdate();
                    deleteMessage.setLong(1, id[1]);
                    deleteMessage.executeUpdate();
                }
                return new Received(bodies, List.of());
            });
        }

        @Override
        CompletionStage<Received> await(int worker) {
            synchronized (this) {
                if (unseen == 0) {
                    waiter = new CompletableFuture<>();
                    return waiter;
                }
                unseen--;
            }
            return receive(1);
        }

        @Override
        CompletionStage<?> acknowledge(Received received) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        void delete() throws Exception {
            // What still waits for its turn is of no use any more.
            thread.shutdownNow();
            thread.awaitTermination(10, TimeUnit.SECONDS);
            connection.close();
            for (String suffix : List.of("", "-wal", "-shm", "-journal")) {
                Files.deleteIfExists(Path.of(file + suffix));
            }
        }
    }
}
