package io.sluice.server.proof;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between clients and a broker, and cuts each connection after a random number of bytes, in the middle of a request or
 * of an answer. It stays where it is when the broker comes back at another port.
 */
final class CuttingProxy implements AutoCloseable {
    private final ServerSocket server;
    private final SplittableRandom random;
    private final int bytesUntilCut;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger cuts = new AtomicInteger();
    private volatile int targetPort;
    private volatile boolean cutting = true;

    /** @param bytesUntilCut after how many bytes one way a connection is cut, on average */
    CuttingProxy(SplittableRandom random, int bytesUntilCut) {
        this.random = random;
        this.bytesUntilCut = bytesUntilCut;
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start("proxy", this::accept);
    }

    /** Where clients connect. */
    int port() {
        return server.getLocalPort();
    }

    /**
     * Where the broker is from now on. What leads to the one before ends, as it does when a process has: a broker that was restarted in the process of the
     * test can leave a connection behind that was made in its last moment, and nobody would ever hear of it again.
     */
    void leadTo(int port) {
        targetPort = port;
        sockets.forEach(this::close);
    }

    /** From now on nothing is cut. */
    void leaveWhole() {
        cutting = false;
    }

    /** How many connections were cut. */
    int cuts() {
        return cuts.get();
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                sockets.add(client);
                connect(client);
            } catch (IOException e) {
                // Closed, and so is the loop; or the client has gone again.
            }
        }
    }

    private void connect(Socket client) {
        Socket broker;
        try {
            broker = new Socket(InetAddress.getLoopbackAddress(), targetPort);
        } catch (IOException e) {
            close(client);
            return;
        }
        sockets.add(broker);
        boolean abrupt = random.nextBoolean();
        long up = random.nextInt(2 * bytesUntilCut);
        long down = random.nextInt(2 * bytesUntilCut);
        start("to the broker", () -> pump(client, broker, up, abrupt));
        start("to the client", () -> pump(broker, client, down, abrupt));
    }

    private void pump(Socket from, Socket to, long limit, boolean abrupt) {
        byte[] bytes = new byte[4_096];
        long passed = 0;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                boolean cut = cutting && passed + read > limit;
                out.write(bytes, 0, cut ? (int) (limit - passed) : read);
                passed += read;
                if (cut) {
                    cuts.incrementAndGet();
                    if (abrupt) {
                        from.setSoLinger(true, 0);
                        to.setSoLinger(true, 0);
                    }
                    break;
                }
            }
        } catch (IOException e) {
            // Either side has gone: so does the other.
        }
        close(from);
        close(to);
    }

    private void close(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed.
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        sockets.forEach(this::close);
    }
}
