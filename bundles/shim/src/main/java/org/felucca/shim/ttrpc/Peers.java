package org.felucca.shim.ttrpc;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.ExtendedSocketOptions;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/** Who sits at the other end of a unix socket (SO_PEERCRED, unix(7)). */
final class Peers {
  private Peers() {}

  /**
   * Lets only a process of the engine's own user through.
   *
   * @param what the peer, for the message
   * @throws EngineException PERMISSION_DENIED for any other
   */
  static void requireOwn(SocketChannel channel, String what) {
    UserPrincipal user;
    UserPrincipal own;
    try {
      user = channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
      own = Files.getOwner(Path.of("/proc/self"));
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.UNAVAILABLE, "ask who the " + what + " is: " + e.getMessage(), e);
    }
    if (!user.equals(own)) {
      throw new EngineException(
          ErrorKind.PERMISSION_DENIED,
          "the %s runs as user %s, not as %s; it is not spoken to"
              .formatted(what, user.getName(), own.getName()));
    }
  }
}
