//! TLS with a private CA: trusted only when it is given, and with a certificate of our own where the server wants one.

use std::sync::Arc;

use ops_client::http::Credential;
use ops_client::http::Idempotency::{Read, Write};
use ops_client::{Effect, ErrorKind};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::support::{builder, retract};

struct Authority {
    pem: String,
    roots: Arc<RootCertStore>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        Self { pem: certificate.pem(), roots: Arc::new(roots), issuer: Issuer::new(params, key) }
    }

    /// A certificate for this name, and its key.
    fn certify(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A server that calls itself `name` and says 200 to everything, to callers with a certificate only where asked.
    async fn serve(&self, name: &str, callers_need_one: bool) -> String {
        let (certificate, key) = self.certify(name, ExtendedKeyUsagePurpose::ServerAuth);
        let config = ServerConfig::builder();
        let config = if callers_need_one {
            config.with_client_cert_verifier(WebPkiClientVerifier::builder(self.roots.clone()).build().unwrap())
        } else {
            config.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let acceptor =
            TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
        });
        address
    }
}

#[tokio::test]
async fn a_private_ca_is_trusted_only_when_it_is_given() {
    let authority = Authority::new();
    let address = authority.serve("127.0.0.1", false).await;
    let endpoint = builder(&address).build().unwrap();
    let error = retract(&endpoint, Write).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
    assert!(error.remedy().unwrap().contains("CA bundle"), "{error}");
    let endpoint = builder(&address).ca_bundle_pem(authority.pem).build().unwrap();
    assert_eq!(retract(&endpoint, Write).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let address = authority.serve("metapod.example.com", false).await;
    let endpoint = builder(&address).ca_bundle_pem(authority.pem).build().unwrap();
    let error = retract(&endpoint, Write).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
}

#[tokio::test]
async fn a_client_certificate_opens_what_is_closed_without_it() {
    let authority = Authority::new();
    let address = authority.serve("127.0.0.1", true).await;
    let endpoint = builder(&address).ca_bundle_pem(authority.pem.clone()).build().unwrap();
    retract(&endpoint, Read).send().await.unwrap_err();
    let (certificate, key) = authority.certify("on-call", ExtendedKeyUsagePurpose::ClientAuth);
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    let credential = Credential::client_certificate_pem(pem.clone().into_bytes());
    let endpoint = builder(&address).ca_bundle_pem(authority.pem).credential(credential).build().unwrap();
    assert_eq!(retract(&endpoint, Read).send().await.unwrap().status(), 200);
    let shown = format!("{endpoint:?} {:#?}", endpoint.credential());
    assert!(pem.lines().filter(|line| line.len() > 20).all(|line| !shown.contains(line)), "{shown}");
}

/// This very program again, on a machine without CA certificates: what needs none works, what needs some says so.
#[test]
fn a_machine_without_ca_certificates() {
    let run = |test: &str| {
        let mut program = std::process::Command::new(std::env::current_exe().unwrap());
        program.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
        program.args([test, "--exact"]).output().unwrap()
    };
    for works in ["requests::a_json_body_a_query_and_a_base_path", "tls::a_certificate_for_another_name_is_refused"] {
        let output = run(works);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let output = run("tls::a_private_ca_is_trusted_only_when_it_is_given");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("CA certificates"), "{told}");
}
