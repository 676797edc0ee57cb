package org.felucca.grpc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.linux.HostGroups;

/** The unix socket's file: who may connect is said by its group, and its mode is 0660. */
final class SocketFile {
  private static final Logger LOG = Logger.getLogger(SocketFile.class.getName());
  private static final String MODE = "rw-rw----";

  private SocketFile() {}

  /**
   * Gives it to a group. A group that there is not gives it to root's, which lets nobody in who
   * should not.
   *
   * @param group a name or a number, or empty
   */
  static void give(Path socket, String group) {
    try {
      OptionalLong id = new HostGroups().id(group.isBlank() ? "0" : group.strip());
      if (id.isEmpty()) {
        LOG.log(
            Level.SEVERE,
            "socket_group is not in /etc/group, only root can use the socket group={0} socket={1}",
            new Object[] {group, socket});
      }
      Files.setAttribute(
          socket, "unix:gid", Math.toIntExact(id.orElse(0)), LinkOption.NOFOLLOW_LINKS);
      PosixFileAttributeView view =
          Files.getFileAttributeView(socket, PosixFileAttributeView.class);
      view.setPermissions(PosixFilePermissions.fromString(MODE));
    } catch (IOException | ArithmeticException e) {
      LOG.log(Level.SEVERE, "cannot give the socket to its group socket=" + socket, e);
    }
  }
}
