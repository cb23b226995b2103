package io.sluice.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;

/**
 * Where to listen.
 *
 * @param host a host name or address, without the brackets that IPv6 addresses have around them in text
 * @param port 0 to 65535, 0 for any that is free
 */
public record HostAndPort(String host, int port) {
    /**
     * Reads {@code host:port} or {@code [address]:port}.
     *
     * @throws IllegalArgumentException if the text is neither
     */
    public static HostAndPort parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException(text + " is not HOST:PORT");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("the IPv6 address in " + text + " needs brackets");
        }
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the port in " + text + " is not a number", e);
        }
        if (host.isBlank() || port < 0 || port > 65_535) {
            throw new IllegalArgumentException(text + " is not HOST:PORT with a port from 0 to 65535");
        }
        return new HostAndPort(host, port);
    }

    static boolean isValid(String text) {
        try {
            parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Whether only programs of this machine reach it.
     *
     * @throws ServerException if the host has no address
     */
    public boolean isLoopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new ServerException("the host " + host + " has no address", e);
        }
    }

    /**
     * Finds out whether it can be listened on, by doing so for a moment.
     *
     * @throws ServerException if it cannot, with what to do about it
     */
    void requireFree() {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (UnknownHostException e) {
            throw new ServerException("the host " + host + " has no address", e);
        } catch (IOException e) {
            throw cannotListen(e);
        }
    }

    /** Why it cannot be listened on, for a person. */
    ServerException cannotListen(Throwable failure) {
        String why = String.valueOf(failure.getMessage());
        if (why.contains("in use")) {
            why = "port " + port + " of " + host + " is in use by another program; choose another with --http";
        } else if (why.contains("denied")) {
            why = "port " + port + " of " + host + " is not for this user; choose one above 1023 with --http";
        } else if (why.contains("assign")) {
            why = host + " is no address of this machine; choose another with --http";
        } else {
            why = "cannot listen on " + this + ": " + why;
        }
        return new ServerException(why, failure);
    }

    /** The same host with another port. */
    public HostAndPort withPort(int otherPort) {
        return new HostAndPort(host, otherPort);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
