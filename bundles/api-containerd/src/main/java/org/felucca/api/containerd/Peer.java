package org.felucca.api.containerd;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.linux.ProcessId;

/**
 * The process at the other end of a unix socket, as the server says in a header that no client can
 * set: {@code pid:start time:connection}.
 *
 * @param process which process
 * @param connection tells this connection from others of the same run of the server
 */
record Peer(ProcessId process, long connection) {
  private static final Pattern GRAMMAR =
      Pattern.compile("([1-9][0-9]{0,8}):([0-9]{1,18}):(-?[0-9]{1,18})");

  static Optional<Peer> parse(String text) {
    Matcher matcher = GRAMMAR.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new Peer(
                new ProcessId(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2))),
                Long.parseLong(matcher.group(3))))
        : Optional.empty();
  }
}
