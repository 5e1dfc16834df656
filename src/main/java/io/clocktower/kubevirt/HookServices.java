package io.clocktower.kubevirt;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The services of KubeVirt's hooks. Sidecars have {@code kubevirt.hooks.info.Info} and {@code kubevirt.hooks.VERSION.Callbacks};
 * plugins have {@code kubevirt.hooks.plugins.v1alpha1.DomainHookService}. Fields are known by their numbers.
 */
final class HookServices {

    /** {@code InfoParams{} → InfoResult{string name=1; repeated HookPoint hookPoints=3; repeated string versions=4}} */
    static final MethodDescriptor<WireMessage, WireMessage> INFO = method("kubevirt.hooks.info.Info", "Info");

    private static final Logger LOG = Logger.getLogger(HookServices.class);
    private static final String NAME = "clocktower";
    private static final String V1ALPHA1 = "v1alpha1";
    private static final String V1ALPHA2 = "v1alpha2";
    private static final String V1ALPHA3 = "v1alpha3";
    /** Not PreCloudInitIso: KubeVirt's manager fails on VMs without cloud-init if a sidecar subscribes to it. */
    private static final List<String> HOOK_POINTS = List.of("OnDefineDomain", "Shutdown");
    private static final long PRIORITY = 0;

    private final BinaryOperator<byte[]> define;
    private final Runnable shutdown;

    /**
     * @param define of a domain's XML and a VMI's JSON, the changed domain; may throw a {@link HookException}
     * @param shutdown the VM has ended
     */
    HookServices(BinaryOperator<byte[]> define, Runnable shutdown) {
        this.define = define;
        this.shutdown = shutdown;
    }

    private static MethodDescriptor<WireMessage, WireMessage> method(String service, String name) {
        return MethodDescriptor.<WireMessage, WireMessage>newBuilder().setType(MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name))
                .setRequestMarshaller(WireMessage.MARSHALLER).setResponseMarshaller(WireMessage.MARSHALLER).build();
    }

    /** Those of a sidecar that an annotation asks for. */
    List<ServerServiceDefinition> ofSidecar() {
        return List.of(info(), callbacks(V1ALPHA1).build(),
                withPreCloudInitIso(callbacks(V1ALPHA2), V1ALPHA2).build(),
                withShutdown(withPreCloudInitIso(callbacks(V1ALPHA3), V1ALPHA3)).build());
    }

    /** That of a plugin; Info is for the server's call of itself. */
    List<ServerServiceDefinition> ofPlugin() {
        return List.of(info(), ServerServiceDefinition.builder("kubevirt.hooks.plugins.v1alpha1.DomainHookService")
                .addMethod(method("kubevirt.hooks.plugins.v1alpha1.DomainHookService", "MutateDomain"),
                        unary(request -> defined(request.bytes(2), request.bytes(3))))
                .build());
    }

    private static ServerServiceDefinition info() {
        var result = new WireMessage().with(1, NAME);
        HOOK_POINTS.forEach(point -> result.with(3, new WireMessage().with(1, point).with(2, PRIORITY)));
        Stream.of(V1ALPHA1, V1ALPHA2, V1ALPHA3).forEach(version -> result.with(4, version));
        return ServerServiceDefinition.builder("kubevirt.hooks.info.Info").addMethod(INFO, unary(_ -> result)).build();
    }

    private static String callbacksOf(String version) {
        return "kubevirt.hooks." + version + ".Callbacks";
    }

    /** {@code OnDefineDomain({bytes domainXML=1; bytes vmi=2}) → {bytes domainXML=1}} */
    private ServerServiceDefinition.Builder callbacks(String version) {
        return ServerServiceDefinition.builder(callbacksOf(version)).addMethod(
                method(callbacksOf(version), "OnDefineDomain"),
                unary(request -> defined(request.bytes(1), request.bytes(2))));
    }

    /**
     * Answers with what it was given: {@code PreCloudInitIso({bytes cloudInitNoCloudSource=1; bytes vmi=2; bytes
     * cloudInitData=3}) → {bytes cloudInitNoCloudSource=1; bytes cloudInitData=3}}
     */
    private static ServerServiceDefinition.Builder withPreCloudInitIso(ServerServiceDefinition.Builder callbacks,
            String version) {
        return callbacks.addMethod(method(callbacksOf(version), "PreCloudInitIso"),
                unary(request -> new WireMessage().with(1, request.bytes(1)).with(3, request.bytes(3))));
    }

    /** {@code Shutdown({}) → {}} */
    private ServerServiceDefinition.Builder withShutdown(ServerServiceDefinition.Builder callbacks) {
        return callbacks.addMethod(method(callbacksOf(V1ALPHA3), "Shutdown"), unary(_ -> {
            shutdown.run();
            return new WireMessage();
        }));
    }

    private WireMessage defined(byte[] domain, byte[] vmi) {
        return new WireMessage().with(1, define.apply(domain, vmi));
    }

    private static ServerCallHandler<WireMessage, WireMessage> unary(UnaryOperator<WireMessage> answer) {
        return ServerCalls.asyncUnaryCall((request, observer) -> {
            WireMessage result;
            try {
                result = answer.apply(request);
            } catch (HookException e) {
                LOG.errorf("hook: refused: %s", e.getMessage());
                observer.onError(Status.FAILED_PRECONDITION.withDescription("clocktower: " + e.getMessage())
                        .asRuntimeException());
                return;
            } catch (RuntimeException e) {
                LOG.error("hook: failed", e);
                observer.onError(Status.INTERNAL.withDescription("clocktower: the hook failed; its log says why: " + e)
                        .asRuntimeException());
                return;
            }
            observer.onNext(result);
            observer.onCompleted();
        });
    }
}
