package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.sluice.loadtest.target.EventLoops;
import io.sluice.loadtest.target.HttpRequests;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * One repeat of a workload: a fresh topic, what must be in it, the load, the figures. Runs on the thread that calls it
 * and blocks it.
 */
final class LoadRun {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration PRELOAD_TIMEOUT = Duration.ofMinutes(30);
    private static final int PRELOAD_REQUEST_BYTES = 256 * 1024;
    /** What a run may take beyond its window and the time-out of its last request. */
    private static final Duration SLACK = Duration.ofSeconds(15);

    /** The longest that a reader's request waits at the broker by itself. */
    private static final Duration READER_WAIT = QueueTraffic.WAIT;

    private static final String LOST = "acknowledged, never received";

    private final Workload workload;
    private final Server server;
    private final String topic;
    private final EventLoops eventLoops;
    private final HttpRequests requests;

    /** @param topic a name that nobody else uses */
    LoadRun(Workload workload, Server server, String topic, EventLoops eventLoops) {
        this.workload = workload;
        this.server = server;
        this.topic = topic;
        this.eventLoops = eventLoops;
        this.requests = new HttpRequests(server.target(), server.headers());
    }

    /**
     * Runs it.
     *
     * @throws IOException if the server cannot be reached, or refuses what the run needs before it can begin
     */
    RunResult run() throws IOException {
        if (workload.kind() == Workload.Kind.POST) {
            return measure();
        }
        create();
        RunResult result;
        try {
            if (workload.kind().isOfQueues()) {
                server.control().alterTopic(topic, workload.settingsOfTopic());
            }
            if (workload.kind() == Workload.Kind.FETCH || workload.kind() == Workload.Kind.QUEUE_RECEIVE_ACK) {
                preload();
            }
            result = measure();
        } catch (IOException e) {
            try {
                delete();
            } catch (IOException second) {
                e.addSuppressed(second);
            }
            throw e;
        }
        delete();
        return result;
    }

    private void create() throws IOException {
        if (workload.kind().isOfQueues()) {
            server.control().createQueue(topic, workload.partitions(), workload.settingsOfQueue());
        } else {
            server.control().createTopic(topic, workload.partitions(), workload.topicConfig());
        }
    }

    private void delete() throws IOException {
        if (workload.kind().isOfQueues()) {
            server.control().deleteQueue(topic);
        } else {
            server.control().deleteTopic(topic);
        }
    }

    private RunResult measure() throws IOException {
        try (ProduceRequests prepared = new ProduceRequests(requests, workload)) {
            Payloads payloads = new Payloads(workload.seed());
            return switch (workload.kind()) {
                case PRODUCE, QUEUE_SEND ->
                    measureAnswers(producers(prepared.to(topic, OptionalInt.empty(), payloads)));
                case POST ->
                    measureAnswers(producers(prepared.toUrl(workload.post().orElseThrow(), payloads)));
                case FETCH -> measureAnswers(readers());
                case END_TO_END ->
                    measureArrivals(stampedProducers(prepared, payloads), workload.partitions(), this::tail);
                case QUEUE_RECEIVE_ACK -> measureAnswers(takers());
                case QUEUE_END_TO_END ->
                    workload.ratePerSecond().isPresent()
                            ? measureArrivals(stampedProducers(prepared, payloads), workload.receivers(), this::worker)
                            : measureAnswers(sendersAndTakers(prepared, payloads));
            };
        }
    }

    /** What counts is the answer. */
    private RunResult measureAnswers(List<Traffic> traffic) throws IOException {
        List<ClientLoop> loops = loops(traffic.size());
        connect(loops);
        Window window = windowFromNow();
        List<LatencyRecorder> recorders = begin(loops, traffic, window);
        Usage usage = Usage.over(window, server);
        awaitDone(loops);

        RunTotals totals = RunTotals.of(loops);
        recorders.forEach(totals::add);
        return totals.result(workload, usage);
    }

    /** Makes those that read what others send. */
    private interface Readers {
        /**
         * One of them.
         *
         * @param arrivals takes the latency of each record
         * @param received counts the records
         */
        Traffic reader(int index, LatencyRecorder arrivals, AtomicLong received);
    }

    /** End to end: what counts is the record that arrives at a reader. */
    private RunResult measureArrivals(List<Traffic> traffic, int readerCount, Readers reading) throws IOException {
        List<ClientLoop> loops = loops(traffic.size());
        List<EventLoop> all = eventLoops.loops();
        ClientLoop readers = new ClientLoop(
                eventLoops,
                all.get(all.size() - 1),
                server.target(),
                readerCount,
                workload.requestTimeout().plus(READER_WAIT));
        List<ClientLoop> everyone = new ArrayList<>(loops);
        everyone.add(readers);
        connect(everyone);

        Window window = windowFromNow();
        AtomicLong received = new AtomicLong();
        LatencyRecorder arrivals = new LatencyRecorder(window);
        List<Traffic> reads = new ArrayList<>();
        for (int i = 0; i < readerCount; i++) {
            reads.add(reading.reader(i, arrivals, received));
        }
        readers.begin(new ClientLoop.Assignment(
                window, Optional.empty(), new LatencyRecorder(window), reads, never(), Long.MAX_VALUE));
        begin(loops, traffic, window);
        Usage usage = Usage.over(window, server);
        awaitDone(loops);
        long acknowledged = loops.stream()
                .mapToLong(loop -> loop.tally().acknowledgedRecords)
                .sum();
        long giveUpNs = System.nanoTime() + workload.requestTimeout().toNanos();
        while (received.get() < acknowledged && System.nanoTime() - giveUpNs < 0) {
            LockSupport.parkNanos(1_000_000);
        }
        await(List.of(readers.stop()), SLACK, "the readers did not stop");

        RunTotals totals = RunTotals.of(loops);
        totals.add(arrivals);
        totals.countArrivals(readers);
        totals.addError(LOST, Math.max(0, acknowledged - received.get()));
        return totals.result(workload, usage);
    }

    /** Fills the topic that a fetch workload reads, each partition with about its share. */
    private void preload() throws IOException {
        long most = workload.kind().isOfQueues()
                ? Math.min(Workload.MAX_RECEIVE, workload.preloadRecords())
                : workload.preloadRecords() / workload.partitions();
        int perRequest = (int) Math.max(1, Math.min(PRELOAD_REQUEST_BYTES / workload.recordBytes(), most));
        Map<String, String> settings = new HashMap<>(workload.settings());
        settings.put("kind", workload.kind().isOfQueues() ? "queue-send" : "produce");
        settings.put("records-per-request", Integer.toString(perRequest));
        Workload filling = Workload.of(workload.name(), "preload of " + workload.name(), settings);
        try (ProduceRequests prepared = new ProduceRequests(requests, filling)) {
            Payloads payloads = new Payloads(workload.seed());
            List<Traffic> traffic = new ArrayList<>();
            for (int partition = 0; partition < workload.partitions(); partition++) {
                List<ByteBuf> its = prepared.to(
                        topic,
                        workload.kind().isOfQueues() ? OptionalInt.empty() : OptionalInt.of(partition),
                        payloads);
                traffic.add(new PreparedTraffic(its, 0, perRequest, filling.requestPayloadBytes()));
            }
            ClientLoop loop = new ClientLoop(
                    eventLoops, eventLoops.loops().get(0), server.target(), traffic.size(), workload.requestTimeout());
            connect(List.of(loop));
            long nowNs = System.nanoTime();
            Window window = new Window(nowNs, nowNs, nowNs + PRELOAD_TIMEOUT.toNanos());
            long count = (workload.preloadRecords() + perRequest - 1) / perRequest;
            loop.begin(new ClientLoop.Assignment(
                    window, Optional.empty(), new LatencyRecorder(window), traffic, window.endNs(), count));
            await(List.of(loop.done()), PRELOAD_TIMEOUT.plus(SLACK), "the topic could not be filled");
            if (loop.errors().total() > 0) {
                throw new IOException(
                        "the topic could not be filled: " + loop.errors().byKind());
            }
        }
    }

    private List<Traffic> producers(List<ByteBuf> prepared) {
        List<Traffic> all = new ArrayList<>();
        for (int i = 0; i < workload.connections(); i++) {
            all.add(new PreparedTraffic(prepared, i, workload.recordsPerRequest(), workload.requestPayloadBytes()));
        }
        return all;
    }

    private List<Traffic> stampedProducers(ProduceRequests prepared, Payloads payloads) {
        List<Traffic> all = new ArrayList<>();
        for (int i = 0; i < workload.connections(); i++) {
            all.add(prepared.stamped(topic, payloads));
        }
        return all;
    }

    private Traffic tail(int partition, LatencyRecorder arrivals, AtomicLong received) {
        return new TailTraffic(requests, topic, partition, workload.maxBytes(), arrivals, received);
    }

    private Traffic worker(int index, LatencyRecorder arrivals, AtomicLong received) {
        boolean untilArrival = workload.until() == Workload.Until.ARRIVAL;
        return QueueTraffic.working(requests, topic, workload, new QueueWork(arrivals, untilArrival, received));
    }

    private List<Traffic> takers() {
        List<Traffic> all = new ArrayList<>();
        for (int i = 0; i < workload.connections(); i++) {
            all.add(QueueTraffic.taking(requests, topic, workload));
        }
        return all;
    }

    private List<Traffic> sendersAndTakers(ProduceRequests prepared, Payloads payloads) {
        return producers(prepared.to(topic, OptionalInt.empty(), payloads)).stream()
                .map(sender -> (Traffic) QueueTraffic.sendingAndTaking(requests, topic, workload, sender))
                .toList();
    }

    private List<Traffic> readers() {
        List<Traffic> all = new ArrayList<>();
        for (int i = 0; i < workload.connections(); i++) {
            all.add(new FetchTraffic(
                    requests, topic, i % workload.partitions(), workload.format(), workload.maxBytes()));
        }
        return all;
    }

    /** Deals the connections out to as many event loops as the workload wants and has connections for. */
    private List<ClientLoop> loops(int connectionCount) {
        List<EventLoop> all = eventLoops.loops();
        int used = Math.min(Math.min(workload.threads(), all.size()), connectionCount);
        List<ClientLoop> made = new ArrayList<>();
        for (int i = 0; i < used; i++) {
            int share = connectionCount / used + (i < connectionCount % used ? 1 : 0);
            made.add(new ClientLoop(eventLoops, all.get(i), server.target(), share, workload.requestTimeout()));
        }
        return made;
    }

    private List<LatencyRecorder> begin(List<ClientLoop> loops, List<Traffic> traffic, Window window) {
        List<LatencyRecorder> recorders = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < loops.size(); i++) {
            int first = i;
            int to = from + loops.get(i).connectionCount();
            LatencyRecorder recorder = new LatencyRecorder(window);
            Optional<RateSchedule> schedule = workload.ratePerSecond()
                    .map(rate -> RateSchedule.fixed(rate, first, loops.size(), window.startNs(), window.endNs()));
            recorders.add(recorder);
            loops.get(i)
                    .begin(new ClientLoop.Assignment(
                            window, schedule, recorder, traffic.subList(from, to), window.endNs(), Long.MAX_VALUE));
            from = to;
        }
        return recorders;
    }

    private Window windowFromNow() {
        long startNs = System.nanoTime();
        long measureFromNs = startNs + workload.warmUp().toNanos();
        return new Window(
                startNs, measureFromNs, measureFromNs + workload.duration().toNanos());
    }

    private static long never() {
        return System.nanoTime() + Duration.ofDays(1).toNanos();
    }

    private void connect(List<ClientLoop> loops) throws IOException {
        try {
            await(
                    loops.stream().map(ClientLoop::connect).toList(),
                    CONNECT_TIMEOUT,
                    "the connections could not be opened");
        } catch (IOException e) {
            loops.forEach(ClientLoop::stop);
            throw e;
        }
    }

    private void awaitDone(List<ClientLoop> loops) throws IOException {
        await(
                loops.stream().map(ClientLoop::done).toList(),
                workload.requestTimeout().plus(SLACK),
                "the load did not end");
    }

    private static void await(List<CompletableFuture<Void>> all, Duration timeout, String otherwise)
            throws IOException {
        try {
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                    .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException(otherwise + ": " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new IOException(otherwise + " within " + timeout.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
