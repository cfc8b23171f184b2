use ops_aws::{CallerIdentity, ErrorKind};

use crate::{aws, builder, identity, server};

#[tokio::test]
async fn the_caller_is_told() {
    let server = server([identity()]).await;
    let found = aws(&server).await.caller_identity().await.unwrap();
    assert_eq!(found, CallerIdentity::new("123456789012", "arn:aws:iam::123456789012:user/on-call"));

    let requests = server.received_requests().await.unwrap();
    let [request] = &requests[..] else { panic!("one request") };
    assert_eq!(request.body, b"Action=GetCallerIdentity&Version=2011-06-15");
    let header = |name: &str| request.headers.get(name).unwrap().to_str().unwrap();
    assert!(header("authorization").contains("/eu-west-1/sts/aws4_request"), "signed for the region that was named");
}

#[tokio::test]
async fn what_cannot_be_called_is_not_built() {
    for address in ["http://sts.example.com", "https://a:b@sts.example.com", "sts"] {
        let error = builder(address).build().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0), "{error}");
    }
    for region in ["", "eu west", "eu-west-1.example.com/"] {
        let builder = ops_aws::Aws::builder(ops_aws::Environment::new("test"), region);
        assert_eq!(builder.build().await.unwrap_err().kind(), ErrorKind::Invalid);
    }
}
