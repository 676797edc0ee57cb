package org.felucca.diff;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** A layer for tests, written by commons-compress. */
final class Layer {
  static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  static final String GZIP = TAR + "+gzip";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, 512, "UTF-8");

  Layer() {
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
  }

  Layer file(String name, String text) {
    return file(name, text, 0644, 0, 0, Map.of());
  }

  Layer file(String name, String text, int mode, long uid, long gid, Map<String, String> pax) {
    byte[] content = text.getBytes(StandardCharsets.UTF_8);
    TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_NORMAL, true);
    entry.setSize(content.length);
    return put(entry, mode, uid, gid, pax, content);
  }

  Layer folder(String name) {
    return folder(name, 0755, 0, 0);
  }

  Layer folder(String name, int mode, long uid, long gid) {
    return put(
        new TarArchiveEntry(name + "/", TarConstants.LF_DIR, true),
        mode,
        uid,
        gid,
        Map.of(),
        new byte[0]);
  }

  Layer symlink(String name, String target) {
    return link(name, target, TarConstants.LF_SYMLINK);
  }

  Layer hardLink(String name, String target) {
    return link(name, target, TarConstants.LF_LINK);
  }

  private Layer link(String name, String target, byte type) {
    TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
    entry.setLinkName(target);
    return put(entry, 0777, 0, 0, Map.of(), new byte[0]);
  }

  Layer device(String name, boolean block, int major, int minor) {
    TarArchiveEntry entry =
        new TarArchiveEntry(name, block ? TarConstants.LF_BLK : TarConstants.LF_CHR, true);
    entry.setDevMajor(major);
    entry.setDevMinor(minor);
    return put(entry, 0640, 0, 6, Map.of(), new byte[0]);
  }

  Layer fifo(String name) {
    return put(
        new TarArchiveEntry(name, TarConstants.LF_FIFO, true), 0600, 1, 2, Map.of(), new byte[0]);
  }

  Layer whiteout(String name) {
    int slash = name.lastIndexOf('/') + 1;
    return file(name.substring(0, slash) + ".wh." + name.substring(slash), "");
  }

  Layer opaque(String folder) {
    return file(folder + "/.wh..wh..opq", "");
  }

  private Layer put(
      TarArchiveEntry entry, int mode, long uid, long gid, Map<String, String> pax, byte[] data) {
    try {
      entry.setMode(mode);
      entry.setUserId(uid);
      entry.setGroupId(gid);
      entry.setModTime(1_500_000_000_000L);
      pax.forEach(entry::addPaxHeader);
      tar.putArchiveEntry(entry);
      tar.write(data);
      tar.closeArchiveEntry();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes() {
    try {
      tar.finish();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  ByteArrayInputStream stream() {
    return new ByteArrayInputStream(bytes());
  }

  static byte[] gzip(byte[] plain) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
