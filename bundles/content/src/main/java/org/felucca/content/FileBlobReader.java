package org.felucca.content;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.Digest;

/** An open blob file. The open file outlives its name, so a deletion does not disturb it. */
final class FileBlobReader implements BlobReader {

  private final Digest digest;
  private final FileChannel channel;
  private final long size;
  private final DiskThreads threads;

  FileBlobReader(Digest digest, FileChannel channel, long size, DiskThreads threads) {
    this.digest = digest;
    this.channel = channel;
    this.size = size;
    this.threads = threads;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(ByteBuffer into, long offset) {
    if (!into.hasRemaining()) {
      throw EngineException.invalid("reading blob " + digest + ": the buffer has no room");
    }
    if (offset < 0) {
      throw EngineException.invalid("reading blob " + digest + " at the negative offset " + offset);
    }
    return threads.call("reading blob " + digest, () -> readNow(into, offset));
  }

  /** Reads on the calling thread, which is one of the disk threads. */
  int readNow(ByteBuffer into, long offset) throws IOException {
    try {
      return channel.read(into, offset);
    } catch (ClosedChannelException e) {
      throw new EngineException(
          ErrorKind.FAILED_PRECONDITION, "reading blob " + digest + ": it was closed already", e);
    }
  }

  @Override
  public InputStream stream(long offset) {
    if (offset < 0) {
      throw EngineException.invalid("reading blob " + digest + " at the negative offset " + offset);
    }
    return new BlobStream("reading blob " + digest, this, threads, offset);
  }

  @Override
  public FileChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw DiskFailure.of("closing blob " + digest, e);
    }
  }
}
