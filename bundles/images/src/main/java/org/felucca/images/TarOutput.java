package org.felucca.images;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Writes a tar in which nothing depends on who writes it and when: root's, of the year 1970. */
final class TarOutput implements ArchiveOutput {
  private final OutputStream out;
  private final TarArchiveOutputStream tar;
  private boolean open;

  TarOutput(OutputStream out) {
    this.out = out;
    this.tar = new NobodysTar(out);
  }

  @Override
  public void folder(String path) throws IOException {
    begin(path + "/", TarConstants.LF_DIR, 0755, 0);
  }

  @Override
  public void file(String path, long size) throws IOException {
    begin(path, TarConstants.LF_NORMAL, 0644, size);
  }

  @Override
  public void write(byte[] bytes, int length) throws IOException {
    tar.write(bytes, 0, length);
  }

  /** The stream stays open. */
  @Override
  public void finish() throws IOException {
    end();
    tar.finish();
    out.flush();
  }

  private void begin(String path, byte type, int mode, long size) throws IOException {
    end();
    TarArchiveEntry entry = new TarArchiveEntry(path, type, true);
    entry.setMode(mode);
    entry.setSize(size);
    tar.putArchiveEntry(entry);
    open = true;
  }

  private void end() throws IOException {
    if (open) {
      tar.closeArchiveEntry();
      open = false;
    }
  }

  /** Also the extended headers, which it makes itself, come this way. */
  private static final class NobodysTar extends TarArchiveOutputStream {
    NobodysTar(OutputStream out) {
      super(out, StandardCharsets.UTF_8.name());
      setLongFileMode(LONGFILE_POSIX);
      setBigNumberMode(BIGNUMBER_POSIX);
    }

    @Override
    public void putArchiveEntry(TarArchiveEntry entry) throws IOException {
      entry.setIds(0, 0);
      entry.setNames("", "");
      entry.setModTime(0);
      super.putArchiveEntry(entry);
    }
  }
}
