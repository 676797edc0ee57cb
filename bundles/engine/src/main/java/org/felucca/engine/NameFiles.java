package org.felucca.engine;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NetworkOptions;
import org.jspecify.annotations.Nullable;

/**
 * The files by which a container knows names: {@code /etc/hosts}, {@code /etc/hostname} and {@code
 * /etc/resolv.conf}. They stay with the container, so what it writes into them is there again at
 * its next start; name servers follow the machine's for as long as it did not.
 *
 * @param folder where they are
 */
record NameFiles(Path folder) {
  /** What the folder is called among a container's own. */
  static final String FOLDER = "etc";

  private static final String HOSTS =
      """
      127.0.0.1\tlocalhost
      ::1\tlocalhost ip6-localhost ip6-loopback
      fe00::0\tip6-localnet
      ff00::0\tip6-mcastprefix
      ff02::1\tip6-allnodes
      ff02::2\tip6-allrouters
      """;

  private static final Path HOST_RESOLVER = Path.of("/etc/resolv.conf");

  /** What systemd-resolved keeps for those who can't reach its own address. */
  private static final Path SYSTEMD_RESOLVER = Path.of("/run/systemd/resolve/resolv.conf");

  /** As it was made, to see whether the container has changed it. */
  private static final String MADE = ".made";

  private static final int LONGEST = 1 << 20;

  private static final String RESOLVER = "resolv.conf";

  /**
   * Checks what they are made of.
   *
   * @throws EngineException INVALID_ARGUMENT, and which option
   */
  static void check(NetworkOptions network) {
    network.dns().forEach(address -> address("--dns", address));
    for (String domain : network.dnsSearch()) {
      if (!domain.equals(".") && !domain.matches("[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")) {
        throw EngineException.invalid(
            "--dns-search %s is no domain; give one such as example.org, or . for none"
                .formatted(Identifiers.quote(domain)));
      }
    }
    for (String option : network.dnsOptions()) {
      if (!option.matches("[a-z0-9-]+(:[0-9]+)?")) {
        throw EngineException.invalid(
            "--dns-option %s is not understood; write it as ndots:2 (resolv.conf(5))"
                .formatted(Identifiers.quote(option)));
      }
    }
    network.hosts().forEach(NameFiles::hostLine);
    for (String port : network.exposed()) {
      if (!isPorts(port)) {
        throw EngineException.invalid(
            "--expose %s is not understood; write it as 80, 80/udp or 8000-8010"
                .formatted(Identifiers.quote(port)));
      }
    }
    String domainname = network.domainname();
    if (domainname != null && !domainname.matches("[A-Za-z0-9_.-]{1,64}")) {
      throw EngineException.invalid(
          "--domainname %s is not allowed: use up to 64 letters, digits, dots and dashes"
              .formatted(Identifiers.quote(domainname)));
    }
  }

  private static boolean isPorts(String text) {
    if (!text.matches("[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp|sctp))?")) {
      return false;
    }
    int first = 0;
    for (String port : text.replaceAll("/.*", "").split("-", -1)) {
      int number = Integer.parseInt(port);
      if (number < Math.max(1, first) || number > 65_535) {
        return false;
      }
      first = number;
    }
    return true;
  }

  private static String address(String option, String text) {
    try {
      // Java also reads 1.2.3, which nobody means.
      if (text.indexOf(':') < 0 && !text.matches("([0-9]{1,3}\\.){3}[0-9]{1,3}")) {
        throw new IllegalArgumentException(text);
      }
      return InetAddress.ofLiteral(text).getHostAddress();
    } catch (IllegalArgumentException e) {
      throw EngineException.invalid(
          "%s %s is no address; give one such as 192.0.2.1 or 2001:db8::1"
              .formatted(option, Identifiers.quote(text)));
    }
  }

  private static String hostLine(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? "" : text.substring(0, colon);
    if (!name.matches("[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")) {
      throw EngineException.invalid(
          "--add-host %s is not understood: write it as name:address"
              .formatted(Identifiers.quote(text)));
    }
    String address = text.substring(colon + 1);
    if (address.equals("host-gateway")) {
      throw EngineException.invalid(
          "--add-host %s: containers have no way to the machine yet, so there is no gateway; give an address"
              .formatted(Identifiers.quote(text)));
    }
    // As it was typed: an address may be written in several ways.
    address("--add-host", address);
    return address + "\t" + name + "\n";
  }

  /**
   * Makes what is missing, and follows the machine's name servers.
   *
   * @param network what the user wants; the host name is known
   * @param mode whose network it has
   */
  NameFiles make(NetworkOptions network, NamespaceMode mode, String hostname) {
    try {
      FileTrees.make(folder);
      if (!Files.exists(folder.resolve("hosts"))) {
        write("hosts", hosts(network, mode, hostname));
      }
      if (!Files.exists(folder.resolve("hostname"))) {
        write("hostname", hostname + "\n");
      }
      String wanted = resolver(network);
      String now = read(folder.resolve(RESOLVER));
      String made = read(folder.resolve(RESOLVER + MADE));
      if (now == null || (now.equals(made) && !now.equals(wanted))) {
        write(RESOLVER + MADE, wanted);
        write(RESOLVER, wanted);
      }
      return this;
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          "make /etc/hosts and its like in " + folder + ": " + e.getMessage(),
          e);
    }
  }

  /** The mounts by which a container sees them. */
  List<MountOption.Bind> mounts(boolean readOnly) {
    List<MountOption.Bind> mounts = new ArrayList<>();
    for (String name : List.of("hosts", "hostname", RESOLVER)) {
      mounts.add(
          new MountOption.Bind(folder.resolve(name), "/etc/" + name, readOnly, List.of("bind")));
    }
    return mounts;
  }

  private static String hosts(NetworkOptions network, NamespaceMode mode, String hostname) {
    String base = null;
    if (mode.kind() == NamespaceMode.Kind.HOST) {
      base = read(Path.of("/etc/hosts"));
    }
    StringBuilder hosts = new StringBuilder();
    if (base == null) {
      hosts.append(HOSTS).append("127.0.1.1\t");
      if (network.domainname() != null) {
        hosts.append(hostname).append('.').append(network.domainname()).append(' ');
      }
      hosts.append(hostname).append('\n');
    } else {
      hosts.append(base).append(base.endsWith("\n") ? "" : "\n");
    }
    network.hosts().forEach(line -> hosts.append(hostLine(line)));
    return hosts.toString();
  }

  private static String resolver(NetworkOptions network) {
    String host = read(HOST_RESOLVER);
    if (host != null && host.contains("nameserver 127.0.0.53")) {
      String real = read(SYSTEMD_RESOLVER);
      host = real == null ? host : real;
    }
    String base = host == null ? "" : host;
    if (network.dns().isEmpty()
        && network.dnsSearch().isEmpty()
        && network.dnsOptions().isEmpty()) {
      return base;
    }
    StringBuilder text = new StringBuilder();
    add(text, "nameserver", network.dns(), base, false);
    List<String> search =
        network.dnsSearch().equals(List.of(".")) ? List.of() : network.dnsSearch();
    if (search.isEmpty() && !network.dnsSearch().isEmpty()) {
      text.append("search .\n");
    } else {
      add(text, "search", search, base, true);
    }
    add(text, "options", network.dnsOptions(), base, true);
    return text.toString();
  }

  private static void add(
      StringBuilder text, String word, List<String> wanted, String base, boolean oneLine) {
    Predicate<String> mine =
        line ->
            line.startsWith(word + " ") || (word.equals("search") && line.startsWith("domain "));
    if (wanted.isEmpty()) {
      base.lines().filter(mine).forEach(line -> text.append(line).append('\n'));
    } else if (oneLine) {
      text.append(word).append(' ').append(String.join(" ", wanted)).append('\n');
    } else {
      wanted.forEach(value -> text.append(word).append(' ').append(value).append('\n'));
    }
  }

  private static @Nullable String read(Path file) {
    try {
      // A container may have written into it, without any end.
      try (InputStream in = Files.newInputStream(file)) {
        return new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      return null;
    }
  }

  /** Replaced as a whole: a container that has the old one keeps it. */
  private void write(String name, String text) throws IOException {
    Path fresh = folder.resolve("." + name);
    Files.writeString(fresh, text);
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
    Files.move(fresh, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }
}
