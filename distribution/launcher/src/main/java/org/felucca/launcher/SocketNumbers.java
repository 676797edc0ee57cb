package org.felucca.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The numbers of listening unix sockets, which Java's channels don't tell: by what proc(5) says of
 * this process's descriptors and of the sockets of its network namespace.
 */
final class SocketNumbers {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Path SOCKETS = Path.of("/proc/net/unix");

  /** Of sd_listen_fds(3): the first descriptor that a service manager hands over. */
  private static final int FIRST_INHERITED = 3;

  /** Num, RefCount, Protocol, Flags, Type, St, Inode, Path; a path may have spaces. */
  private static final Pattern LINE = Pattern.compile("(?:\\S+ +){6}(\\d+) (.+)");

  private SocketNumbers() {}

  /**
   * The descriptors that the service manager listens on for this process, as sd_listen_fds(3) tells
   * them.
   *
   * @param environment the process's
   */
  static List<Integer> inherited(Map<String, String> environment) throws StartException {
    String pid = environment.get("LISTEN_PID");
    if (pid == null || !pid.equals(String.valueOf(ProcessHandle.current().pid()))) {
      return List.of();
    }
    String count = environment.getOrDefault("LISTEN_FDS", "");
    try {
      return IntStream.range(0, Integer.parseInt(count))
          .mapToObj(n -> FIRST_INHERITED + n)
          .toList();
    } catch (NumberFormatException e) {
      throw new StartException(
          "LISTEN_FDS is '" + count + "' and not a number; start without socket activation", e);
    }
  }

  /** The descriptor of the socket that is bound to a path. */
  static int boundTo(Path path) throws IOException {
    List<String> links = links(path);
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path descriptor : descriptors) {
        if (links.contains(target(descriptor))) {
          return Integer.parseInt(descriptor.getFileName().toString());
        }
      }
    }
    throw new IOException("its socket is not among this process's descriptors");
  }

  /** Whether a descriptor is the socket that is bound to a path. */
  static boolean isBoundTo(int number, Path path) throws StartException {
    try {
      return links(path).contains(target(DESCRIPTORS.resolve(String.valueOf(number))));
    } catch (IOException e) {
      throw new StartException("cannot read " + SOCKETS + ": " + Folders.reason(e), e);
    }
  }

  /** What the descriptors of sockets with a path are links to; connections have it as well. */
  private static List<String> links(Path path) throws IOException {
    // The kernel writes the bytes of a path, whatever they are.
    String bytes =
        new String(path.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    return Files.readString(SOCKETS, StandardCharsets.ISO_8859_1)
        .lines()
        .filter(line -> line.endsWith(" " + bytes))
        .map(LINE::matcher)
        .filter(matcher -> matcher.matches() && matcher.group(2).equals(bytes))
        .map(matcher -> "socket:[" + matcher.group(1) + "]")
        .toList();
  }

  /** Empty if the descriptor was closed meanwhile. */
  private static String target(Path descriptor) throws IOException {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (NoSuchFileException e) {
      return "";
    }
  }
}
