"""moto as a server on this machine, with the resource types that its CloudFormation lacks.

Usage: moto.py FUNCTION_URL. Prints its port, and ends when its standard input does.
"""

import sys

import boto3
import moto.cloudformation.models as cloudformation
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.cloudformation.parsing import get_model_list
from moto.core.common_models import CloudFormationModel
from moto.server import ThreadedMotoServer
from moto.sqs.models import Queue

# moto takes the second part of a class's module for the name of its service.
__name__ = "weighbridge.moto"

FUNCTION_URL = sys.argv[1]
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)


class Lacking(CloudFormationModel):
    """Made and removed by calls to moto itself, through botocore, which knows what AWS takes."""

    type = ""

    def __init__(self, name, attributes):
        self.name = name
        self.attributes = attributes

    @property
    def physical_resource_id(self):
        return self.name

    @staticmethod
    def cloudformation_name_type():
        return ""

    @classmethod
    def cloudformation_type(cls):
        return cls.type

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, attribute_name):
        return self.attributes[attribute_name]

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        name, attributes = cls.make(resource_name, cloudformation_json["Properties"])
        return cls(name, attributes)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        cls.unmake(original_resource.name)
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        try:
            cls.unmake(resource_name)
        except ClientError as error:
            # It went with what it belonged to.
            if "NotFound" not in error.response["Error"]["Code"]:
                raise

    @classmethod
    def unmake(cls, name):
        pass


class FunctionUrl(Lacking):
    type = "AWS::Lambda::Url"

    @classmethod
    def make(cls, _, properties):
        function = properties["TargetFunctionArn"]
        call("lambda", "CreateFunctionUrlConfig", FunctionName=function, AuthType=properties["AuthType"])
        return function, {"FunctionUrl": FUNCTION_URL, "FunctionArn": function}

    @classmethod
    def unmake(cls, name):
        call("lambda", "DeleteFunctionUrlConfig", FunctionName=name)


class Subscription(Lacking):
    type = "AWS::SNS::Subscription"

    @classmethod
    def make(cls, _, properties):
        return call("sns", "Subscribe", **properties, ReturnSubscriptionArn=True)["SubscriptionArn"], {}

    @classmethod
    def unmake(cls, name):
        call("sns", "Unsubscribe", SubscriptionArn=name)


class Alarm(Lacking):
    type = "AWS::CloudWatch::Alarm"

    @classmethod
    def make(cls, _, properties):
        call("cloudwatch", "PutMetricAlarm", **properties)
        return properties["AlarmName"], {}

    @classmethod
    def unmake(cls, name):
        call("cloudwatch", "DeleteAlarms", AlarmNames=[name])


class MetricFilter(Lacking):
    """moto removes it with its log group."""

    type = "AWS::Logs::MetricFilter"

    @classmethod
    def make(cls, resource_name, properties):
        transformations = [
            {key[0].lower() + key[1:]: value for key, value in each.items()}
            for each in properties["MetricTransformations"]
        ]
        call(
            *("logs", "PutMetricFilter"),
            filterName=resource_name,
            logGroupName=properties["LogGroupName"],
            filterPattern=properties["FilterPattern"],
            metricTransformations=transformations,
        )
        return resource_name, {}


class BucketPolicy(Lacking):
    """Not set: it refuses what doesn't come over TLS, and here nothing does."""

    type = "AWS::S3::BucketPolicy"

    @classmethod
    def make(cls, _, properties):
        return properties["Bucket"], {}


def call(service, operation, **parameters):
    host, port = server.get_host_and_port()
    client = boto3.client(
        service,
        endpoint_url=f"http://{host}:{port}",
        region_name="eu-central-1",
        aws_access_key_id="CLOUDFORMATION",
        aws_secret_access_key="unused",
        config=Config(retries={"total_max_attempts": 1}),
    )
    shape = client.meta.service_model.operation_model(operation).input_shape
    return getattr(client, client_method(client, operation))(**fitted(shape, parameters))


def client_method(client, operation):
    return next(method for method, name in client.meta.method_to_api_mapping.items() if name == operation)


def fitted(shape, value):
    """CloudFormation takes a number or a truth as a text too."""
    if shape.type_name == "structure":
        return {name: fitted(shape.members[name], each) for name, each in value.items()}
    if shape.type_name == "list":
        return [fitted(shape.member, each) for each in value]
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name in ("double", "float"):
        return float(value)
    if shape.type_name == "boolean":
        return value in (True, "true")
    return value


lint = cloudformation.validate_template_cfn_lint
# AWS refuses errors only; moto refuses a warning too.
cloudformation.validate_template_cfn_lint = lambda template: [
    found for found in lint(template) if found.rule.id.startswith("E")
]
delete_stack = cloudformation.CloudFormationBackend.delete_stack


def delete_stack_that_was_updated(self, name):
    # moto forgets what an update exports, and then fails to remove it.
    for stack in self.stacks.values():
        for export in stack.exports:
            self.exports.setdefault(export.name, export)
    delete_stack(self, name)


cloudformation.CloudFormationBackend.delete_stack = delete_stack_that_was_updated
# The test is Lambda's poller: moto would call the worker while the sender waits.
Queue.lambda_event_source_mappings = property(lambda queue: {}, lambda queue, value: None)
get_model_list().extend(Lacking.__subclasses__())

server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
