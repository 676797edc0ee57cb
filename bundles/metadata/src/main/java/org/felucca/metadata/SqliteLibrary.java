package org.felucca.metadata;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteJDBCLoader;

/**
 * SQLite's native library, unpacked once and kept beside the database. Left to itself the driver
 * unpacks it at every start, and asks {@code uname} which one to take: a tenth of the engine's time
 * to start.
 */
final class SqliteLibrary {

  private static final Logger LOG = Logger.getLogger(SqliteLibrary.class.getName());
  private static final String PATH = "org.sqlite.lib.path";
  private static final String NAME = "org.sqlite.lib.name";

  private SqliteLibrary() {}

  /**
   * Tells the driver where the library is, unless somebody has; where that fails the driver helps
   * itself.
   */
  static void prepare(Path folder) {
    if (System.getProperty(PATH) != null) {
      return;
    }
    String machine =
        switch (System.getProperty("os.arch")) {
          case "amd64" -> "x86_64";
          case "aarch64" -> "aarch64";
          case null, default -> "";
        };
    URL packed =
        SQLiteConfig.class.getResource("/org/sqlite/native/Linux/" + machine + "/libsqlitejdbc.so");
    if (machine.isEmpty() || packed == null) {
      return;
    }
    Path file =
        folder.resolve("libsqlitejdbc-" + SQLiteJDBCLoader.getVersion() + "-" + machine + ".so");
    try {
      URLConnection connection = packed.openConnection();
      connection.setUseCaches(false);
      try (InputStream in = connection.getInputStream()) {
        if (!Files.exists(file) || Files.size(file) != connection.getContentLengthLong()) {
          unpack(in, folder, file);
        }
      }
      System.setProperty(PATH, folder.toAbsolutePath().toString());
      System.setProperty(NAME, String.valueOf(file.getFileName()));
    } catch (IOException e) {
      LOG.log(Level.INFO, "SQLite''s library not kept path={0} reason={1}", new Object[] {file, e});
    }
  }

  private static void unpack(InputStream in, Path folder, Path file) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path fresh = folder.resolve(file.getFileName() + ".new");
    Files.copy(in, fresh, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
