package org.felucca.api.containerd;

import io.grpc.ServerCall;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/** Lets answers out while the client takes them. The sender is interrupted when it has gone. */
final class StreamGate {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition opened = lock.newCondition();

  /** The transport takes answers again. */
  void open() {
    lock.lock();
    try {
      opened.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends when the transport takes it.
   *
   * @throws EngineException CANCELLED if the client has gone
   */
  <R> void send(ServerCall<?, R> call, R answer) {
    await(call);
    call.sendMessage(answer);
  }

  /**
   * Waits until the transport takes more; how much it may hold back then is the call's threshold.
   *
   * @throws EngineException CANCELLED if the client has gone
   */
  void await(ServerCall<?, ?> call) {
    lock.lock();
    try {
      while (!call.isReady() && !call.isCancelled()) {
        opened.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw gone(e);
    } finally {
      lock.unlock();
    }
    if (call.isCancelled()) {
      throw gone(null);
    }
  }

  private static EngineException gone(@Nullable Throwable cause) {
    return new EngineException(ErrorKind.CANCELLED, "the client has gone", cause);
  }
}
