package io.clocktower.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The host names that a request may use for the service. A page whose own name was made to resolve to the service (DNS
 * rebinding) sends that name, which is not one of them. Address literals cannot be rebound.
 *
 * @param isLoopback whether only literals of the loopback interface are allowed
 * @param names in lower case
 */
record HostNames(boolean isLoopback, Set<String> names) {

    static final String ANY = "*";

    private static final Pattern AUTHORITY = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[\\w.-]+)(?::(\\d{1,5}))?");
    private static final Pattern ORIGIN = Pattern.compile("(https?)://([^/?#@]+)");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?");
    private static final Pattern IPV4 = Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");
    private static final Path KERNEL_HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    /**
     * @param bound the name or address that the service is bound to
     * @param allowed additional names from the configuration
     */
    static HostNames of(boolean isLoopback, String bound, Collection<String> allowed) {
        Set<String> names = new HashSet<>(Set.of("localhost", bound.toLowerCase(Locale.ROOT)));
        if (!isLoopback) {
            addMachine(names);
        }
        allowed.forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
        return new HostNames(isLoopback, Set.copyOf(names));
    }

    /** The machine's name, with and without its domain. */
    private static void addMachine(Set<String> names) {
        try {
            String name = Files.readString(KERNEL_HOST_NAME).strip().toLowerCase(Locale.ROOT);
            if (isName(name)) {
                names.add(name);
                names.add(name.replaceFirst("\\..*", ""));
            }
        } catch (IOException _) {
            // The operator can configure it.
        }
    }

    /** Whether this is a valid value of allowed-hosts: a name or address without a port, or *. */
    static boolean isName(String name) {
        return name.equals(ANY) || NAME.matcher(name).matches() || name.startsWith("[") && isAuthority(name);
    }

    private static boolean isAuthority(String name) {
        return AUTHORITY.matcher(name).matches();
    }

    /**
     * Whether a request may use this name.
     *
     * @param authority the Host header: a name or address, with an optional port
     */
    boolean allow(String authority) {
        Matcher matcher = AUTHORITY.matcher(authority);
        if (names.contains(ANY)) {
            return true;
        }
        if (!matcher.matches()) {
            return false;
        }
        String host = host(matcher);
        boolean isLiteral = host.startsWith("[") || IPV4.matcher(host).matches();
        boolean isMeant = !isLoopback || host.equals("[::1]") || host.startsWith("127.");
        return names.contains(host) || isLiteral && isMeant;
    }

    private static String host(Matcher matcher) {
        String host = matcher.group(1).toLowerCase(Locale.ROOT);
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    /** Whether an origin is that of this authority. */
    static boolean isSame(String origin, String authority) {
        Matcher page = ORIGIN.matcher(origin);
        Matcher service = AUTHORITY.matcher(authority);
        if (!page.matches() || !service.matches()) {
            return false;
        }
        Matcher pageHost = AUTHORITY.matcher(page.group(2));
        String usualPort = page.group(1).equals("https") ? "443" : "80";
        return pageHost.matches() && host(pageHost).equals(host(service))
                && port(pageHost, usualPort).equals(port(service, usualPort));
    }

    private static String port(Matcher matcher, String usual) {
        return matcher.group(2) == null ? usual : matcher.group(2);
    }
}
